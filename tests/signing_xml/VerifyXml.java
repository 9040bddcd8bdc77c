// A second opinion on an XML signature: the XMLDSig of the JDK, with the certificate in KeyInfo taken as the key.
// java VerifyXml.java FILE...: a line "FILE: true" for each file of which every ds:Signature is valid, else "FILE: false".
import java.io.File;
import java.security.Key;
import java.security.cert.X509Certificate;
import javax.xml.crypto.*;
import javax.xml.crypto.dsig.*;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.*;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.*;

public class VerifyXml {
    static void markIds(Node node) {
        if (node instanceof Element e && e.hasAttribute("Id")) e.setIdAttribute("Id", true);
        for (Node child = node.getFirstChild(); child != null; child = child.getNextSibling()) markIds(child);
    }

    public static void main(String[] args) {
        for (String file : args) {
            boolean good = false;
            try {
                good = valid(file);
            } catch (Exception e) {
                System.out.println(e);
            }
            System.out.println(file + ": " + good);
        }
    }

    static boolean valid(String file) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        Document document = factory.newDocumentBuilder().parse(new File(file));
        markIds(document.getDocumentElement());
        NodeList all = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature");
        if (all.getLength() == 0) throw new Exception("no signature");
        boolean good = true;
        for (int i = 0; i < all.getLength(); ++i) {
            var context = new DOMValidateContext(new KeySelector() {
                public KeySelectorResult select(KeyInfo info, Purpose purpose, AlgorithmMethod method,
                                                XMLCryptoContext where) throws KeySelectorException {
                    for (Object data : info.getContent())
                        if (data instanceof X509Data x)
                            for (Object held : x.getContent())
                                if (held instanceof X509Certificate c) {
                                    Key key = c.getPublicKey();
                                    return () -> key;
                                }
                    throw new KeySelectorException("no certificate");
                }
            }, all.item(i));
            XMLSignature signature = XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context);
            boolean valid = signature.validate(context);
            System.out.println("signature " + i + ": " + valid);
            for (Object one : signature.getSignedInfo().getReferences())
                System.out.println("  '" + ((Reference) one).getURI() + "': " + ((Reference) one).validate(context));
            good = good && valid;
        }
        return good;
    }
}
