package interop;

import com.google.gson.JsonObject;
import eu.europa.esig.dss.asic.cades.ASiCWithCAdESSignatureParameters;
import eu.europa.esig.dss.asic.cades.signature.ASiCWithCAdESService;
import eu.europa.esig.dss.asic.xades.ASiCWithXAdESSignatureParameters;
import eu.europa.esig.dss.asic.xades.signature.ASiCWithXAdESService;
import eu.europa.esig.dss.cades.CAdESSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESService;
import eu.europa.esig.dss.enumerations.ASiCContainerType;
import eu.europa.esig.dss.enumerations.CertificationPermission;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.ObjectIdentifierQualifier;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.Policy;
import eu.europa.esig.dss.model.SerializableSignatureParameters;
import eu.europa.esig.dss.model.SignaturePolicyStore;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.SpDocSpecification;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.model.UserNotice;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.SignatureImageParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.service.tsp.OnlineTSPSource;
import eu.europa.esig.dss.signature.AbstractSignatureParameters;
import eu.europa.esig.dss.signature.AbstractSignatureService;
import eu.europa.esig.dss.signature.MultipleDocumentsSignatureService;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import eu.europa.esig.dss.xades.XAdESSignatureParameters;
import eu.europa.esig.dss.xades.reference.CanonicalizationTransform;
import eu.europa.esig.dss.xades.reference.DSSReference;
import eu.europa.esig.dss.xades.reference.EnvelopedSignatureTransform;
import eu.europa.esig.dss.xades.signature.XAdESService;
import java.security.KeyStore;
import java.util.List;

/** Signatures made and raised by DSS, for our verifier. */
final class Maker {
    private record Service(AbstractSignatureService<?, ?> service, AbstractSignatureParameters<?> parameters) {}

    static JsonObject sign(Request q) throws Exception {
        try (Pkcs12SignatureToken token = new Pkcs12SignatureToken(
                 q.p12, new KeyStore.PasswordProtection(q.pass.toCharArray()))) {
            DSSPrivateKeyEntry key = token.getKeys().get(0);
            Service made = service(q);
            AbstractSignatureParameters<?> parameters = made.parameters;
            parameters.setSigningCertificate(key.getCertificate());
            parameters.setCertificateChain(key.getCertificateChain());
            if (q.scheme.equals("pss")) parameters.setEncryptionAlgorithm(EncryptionAlgorithm.RSASSA_PSS);
            if (q.policy != null) parameters.bLevel().setSignaturePolicy(policy(q));
            DSSDocument signed = run(made.service, parameters, Request.documents(q.in), token, key);
            write(q, q.policy != null && q.policy.store ? withCopy(made.service, signed, q) : signed);
        }
        return new JsonObject();
    }

    static JsonObject extend(Request q) throws Exception {
        Service made = service(q);
        if (!q.content.isEmpty()) made.parameters.setDetachedContents(Request.documents(q.content));
        write(q, extended(made.service, made.parameters, Request.documents(q.in).get(0)));
        return new JsonObject();
    }

    private static void write(Request q, DSSDocument document) throws Exception { document.save(q.out); }

    /** Each service with the parameters of its own type; the generic calls below rely on that pairing. */
    private static Service service(Request q) {
        var verifier = q.verifier(true);
        Service made = switch (q.format) {
            case "pades" -> new Service(new PAdESService(verifier), pades(q));
            case "cades" -> new Service(new CAdESService(verifier), new CAdESSignatureParameters());
            case "xades" -> new Service(new XAdESService(verifier), new XAdESSignatureParameters());
            case "asic-s-cades", "asic-e-cades" -> {
                var p = new ASiCWithCAdESSignatureParameters();
                p.aSiC().setContainerType(container(q));
                yield new Service(new ASiCWithCAdESService(verifier), p);
            }
            case "asic-s-xades", "asic-e-xades" -> {
                var p = new ASiCWithXAdESSignatureParameters();
                p.aSiC().setContainerType(container(q));
                yield new Service(new ASiCWithXAdESService(verifier), p);
            }
            default -> throw new IllegalArgumentException("format: " + q.format);
        };
        if (q.tsa != null)
            made.service.setTspSource(new OnlineTSPSource(q.tsa, new Loopback("application/timestamp-query")));
        String family = q.format.equals("pades") ? "PAdES" : q.format.endsWith("xades") ? "XAdES" : "CAdES";
        made.parameters.setSignatureLevel(SignatureLevel.valueByName(family + "-BASELINE-" + q.level.substring(2)));
        made.parameters.setDigestAlgorithm(DigestAlgorithm.SHA256);
        if (!q.packaging.isEmpty())
            made.parameters.setSignaturePackaging(SignaturePackaging.valueOf(q.packaging.toUpperCase()));
        if (q.plain) ((XAdESSignatureParameters) made.parameters).setReferences(List.of(wholeDocument(q)));
        return made;
    }

    /** XMLDSig's own enveloped-signature transform; DSS by itself writes an XPath filter. */
    private static DSSReference wholeDocument(Request q) {
        DSSReference reference = new DSSReference();
        reference.setUri("");
        reference.setContents(Request.documents(q.in).get(0));
        reference.setDigestMethodAlgorithm(DigestAlgorithm.SHA256);
        reference.setTransforms(List.of(new EnvelopedSignatureTransform(),
                                        new CanonicalizationTransform("http://www.w3.org/2001/10/xml-exc-c14n#")));
        return reference;
    }

    private static Policy policy(Request q) {
        Policy policy = new Policy();
        if (q.policy.id.isEmpty()) return policy;
        boolean urn = q.format.endsWith("xades") && q.policy.id.startsWith("urn:oid:"); // in CMS an OID is an OID
        policy.setId(urn ? q.policy.id : q.policy.id.replaceFirst("^urn:oid:", ""));
        if (urn) policy.setQualifier(ObjectIdentifierQualifier.OID_AS_URN);
        policy.setDigestAlgorithm(DigestAlgorithm.SHA256);
        policy.setDigestValue(new FileDocument(q.policy.document).getDigestValue(DigestAlgorithm.SHA256));
        policy.setSpuri(q.policy.uri);
        UserNotice notice = new UserNotice();
        notice.setExplicitText(q.policy.notice);
        policy.setUserNotice(notice);
        return policy;
    }

    private static DSSDocument withCopy(AbstractSignatureService<?, ?> service, DSSDocument signed, Request q) {
        SignaturePolicyStore store = new SignaturePolicyStore();
        SpDocSpecification specification = new SpDocSpecification();
        boolean xades = service instanceof XAdESService;
        specification.setId(xades ? "urn:oid:1.2.3" : "1.2.3");
        if (xades) specification.setQualifier(ObjectIdentifierQualifier.OID_AS_URN);
        store.setSpDocSpecification(specification);
        store.setSignaturePolicyContent(new FileDocument(q.policy.document));
        return service instanceof XAdESService x ? x.addSignaturePolicyStore(signed, store)
                                                 : ((CAdESService) service).addSignaturePolicyStore(signed, store);
    }

    private static ASiCContainerType container(Request q) {
        return q.format.startsWith("asic-s") ? ASiCContainerType.ASiC_S : ASiCContainerType.ASiC_E;
    }

    private static PAdESSignatureParameters pades(Request q) {
        PAdESSignatureParameters p = new PAdESSignatureParameters();
        p.setContentSize(40_000);
        if (q.certify != null) p.setPermission(CertificationPermission.fromCode(q.certify));
        if (q.field != null) {
            SignatureImageParameters shown = new SignatureImageParameters();
            shown.getFieldParameters().setFieldId(q.field);
            p.setImageParameters(shown);
        }
        return p;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static DSSDocument run(AbstractSignatureService service, SerializableSignatureParameters p,
                                   List<DSSDocument> documents, Pkcs12SignatureToken token, DSSPrivateKeyEntry key) {
        var algorithm = ((AbstractSignatureParameters<?>) p).getSignatureAlgorithm();
        boolean several = documents.size() > 1;
        var multiple = several ? (MultipleDocumentsSignatureService) service : null;
        ToBeSigned data = several ? multiple.getDataToSign(documents, p) : service.getDataToSign(documents.get(0), p);
        SignatureValue value = token.sign(data, algorithm, key);
        return several ? multiple.signDocument(documents, p, value) : service.signDocument(documents.get(0), p, value);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static DSSDocument extended(AbstractSignatureService service, SerializableSignatureParameters p,
                                        DSSDocument document) {
        return service.extendDocument(document, p);
    }
}
