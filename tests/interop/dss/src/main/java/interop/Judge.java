package interop;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.PDFRevisionWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlObjectModification;
import eu.europa.esig.dss.diagnostic.jaxb.XmlSignatureScope;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.util.Date;
import java.util.List;

/** What DSS says of a file, under its own default policy (ETSI TS 119 172-4 with the suites of TS 119 312). */
final class Judge {
    static JsonObject judge(Request q) {
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(q.file));
        validator.setCertificateVerifier(q.verifier(q.online));
        if (!q.content.isEmpty()) validator.setDetachedContents(Request.documents(q.content));
        if (q.at != null) validator.setValidationTime(new Date(q.at));
        Reports reports = validator.validateDocument();
        SimpleReport simple = reports.getSimpleReport();
        DiagnosticData data = reports.getDiagnosticData();

        JsonObject answer = new JsonObject();
        answer.addProperty("file", q.file);
        if (simple.getContainerType() != null) answer.addProperty("container", simple.getContainerType().toString());
        JsonArray signatures = new JsonArray();
        for (String id : simple.getSignatureIdList()) signatures.add(signature(simple, data.getSignatureById(id)));
        answer.add("signatures", signatures);
        return answer;
    }

    private static JsonObject signature(SimpleReport simple, SignatureWrapper s) {
        String id = s.getId();
        JsonObject one = new JsonObject();
        one.addProperty("level", String.valueOf(s.getSignatureFormat()));
        one.addProperty("algorithm", String.valueOf(s.getSignatureAlgorithm()));
        one.addProperty("indication", String.valueOf(simple.getIndication(id)));
        one.addProperty("sub_indication", String.valueOf(simple.getSubIndication(id)));
        one.addProperty("signed_by", simple.getSignedBy(id));
        one.addProperty("best_time", millis(simple.getBestSignatureTime(id)));
        one.addProperty("intact", s.isSignatureIntact() && s.isSignatureValid());
        one.add("errors", messages(simple.getAdESValidationErrors(id)));
        one.add("warnings", messages(simple.getAdESValidationWarnings(id)));
        JsonArray scopes = new JsonArray();
        for (XmlSignatureScope scope : s.getSignatureScopes()) scopes.add(scope.getScope() + " " + scope.getName());
        one.add("scopes", scopes);
        JsonArray stamps = new JsonArray();
        for (TimestampWrapper t : s.getTimestampList()) {
            JsonObject stamp = new JsonObject();
            stamp.addProperty("type", String.valueOf(t.getType()));
            stamp.addProperty("intact", t.isMessageImprintDataFound() && t.isMessageImprintDataIntact() &&
                                            t.isSignatureIntact() && t.isSignatureValid());
            stamp.addProperty("indication", String.valueOf(simple.getIndication(t.getId())));
            stamp.addProperty("sub_indication", String.valueOf(simple.getSubIndication(t.getId())));
            stamps.add(stamp);
        }
        one.add("timestamps", stamps);
        if (s.getPDFRevision() != null) one.add("pdf", pdf(s.getPDFRevision()));
        return one;
    }

    /** Later changes by kind; "undefined" holds those that no signature may bear. */
    private static JsonObject pdf(PDFRevisionWrapper revision) {
        JsonObject pdf = new JsonObject();
        pdf.addProperty("sub_filter", revision.getSubFilter());
        pdf.addProperty("byte_range_valid", revision.isSignatureByteRangeValid());
        pdf.addProperty("dictionary_consistent", revision.isPdfSignatureDictionaryConsistent());
        if (revision.getDocMDPPermissions() != null) pdf.addProperty("doc_mdp", revision.getDocMDPPermissions().getCode());
        pdf.addProperty("modified", revision.arePdfModificationsDetected());
        pdf.add("extension", changes(revision.getPdfExtensionChanges()));
        pdf.add("form_fill", changes(revision.getPdfSignatureOrFormFillChanges()));
        pdf.add("annotation", changes(revision.getPdfAnnotationChanges()));
        pdf.add("undefined", changes(revision.getPdfUndefinedChanges()));
        pdf.addProperty("overlaps", revision.getPdfAnnotationsOverlapConcernedPages().toString());
        pdf.addProperty("visual_difference", revision.getPdfVisualDifferenceConcernedPages().toString());
        return pdf;
    }

    private static JsonArray changes(List<XmlObjectModification> all) {
        JsonArray out = new JsonArray();
        for (XmlObjectModification m : all)
            out.add(m.getAction() + " " + m.getValue() + (m.getFieldName() == null ? "" : " " + m.getFieldName()));
        return out;
    }

    private static JsonArray messages(List<Message> all) {
        JsonArray out = new JsonArray();
        for (Message m : all) out.add(m.getKey() + ": " + m.getValue());
        return out;
    }

    private static Long millis(Date d) { return d == null ? null : d.getTime(); }
}
