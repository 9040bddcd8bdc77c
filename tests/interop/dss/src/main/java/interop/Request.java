package interop;

import com.google.gson.annotations.SerializedName;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.aia.DefaultAIASource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import java.io.File;
import java.util.ArrayList;
import java.util.List;

/** The fields of a request; Program says which one needs which. */
final class Request {
    @SerializedName("do")
    String what = "";
    String file, format = "", level = "B-B", packaging = "", out, p12, pass = "", tsa, scheme = "", field;
    List<String> content = List.of(), trust = List.of(), crls = List.of(), in = List.of();
    Long at;
    Integer certify;
    boolean online, plain;
    PolicyWish policy;

    /** The signature policy to name; an empty id: an implied one. */
    static final class PolicyWish {
        String id = "", document, uri, notice;
        boolean store;
    }

    static List<DSSDocument> documents(List<String> names) {
        List<DSSDocument> all = new ArrayList<>();
        for (String name : names) all.add(new FileDocument(name));
        return all;
    }

    /** Trusts exactly the given certificates. Offline unless asked: then what the certificates name, on loopback only. */
    CommonCertificateVerifier verifier(boolean withNetwork) {
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        for (String name : trust) anchors.addCertificate(DSSUtils.loadCertificate(new File(name)));
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(anchors);
        verifier.setAIASource(withNetwork ? new DefaultAIASource(new Loopback()) : null);
        if (withNetwork) {
            verifier.setOcspSource(new OnlineOCSPSource(new Loopback("application/ocsp-request")));
            verifier.setCrlSource(new OnlineCRLSource(new Loopback()));
        } else if (!crls.isEmpty()) {
            verifier.setCrlSource(new ExternalResourcesCRLSource(documents(crls).toArray(new DSSDocument[0])));
        }
        return verifier;
    }
}
