package interop;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * One JSON request a line on standard input, one JSON answer a line on standard output, until the input ends. What DSS
 * throws is an answer too: {"error": "..."}.
 *
 * <pre>
 * {"do": "judge",  "file", "content": [files]?, "trust": [certificates], "crls": [files]?, "at": millis?, "online": bool?}
 * {"do": "sign",   "format": "pades|cades|xades|asic-s-cades|asic-s-xades|asic-e-cades|asic-e-xades", "level": "B-LT",
 *                  "packaging": "enveloped|enveloping|detached"?, "in": [files], "out", "p12", "pass", "trust": [...],
 *                  "tsa": URL?, "scheme": "pss"?, "certify": 1|2|3?, "field": name?,
 *                  "plain": true for the enveloped-signature transform,
 *                  "policy": {"id", "document": file, "uri", "notice", "store": true for a copy beside the signature}?}
 * {"do": "extend", "format", "level", "in": [file], "out", "content": [files]?, "trust": [...], "tsa": URL}
 * </pre>
 */
public final class Program {
    public static void main(String[] args) throws Exception {
        Gson gson = new Gson();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err); // no library may write between the answers
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            JsonObject answer;
            try {
                Request request = gson.fromJson(line, Request.class);
                answer = switch (request.what) {
                    case "judge" -> Judge.judge(request);
                    case "sign" -> Maker.sign(request);
                    case "extend" -> Maker.extend(request);
                    default -> throw new IllegalArgumentException("do: " + request.what);
                };
            } catch (Exception e) {
                answer = new JsonObject();
                answer.addProperty("error", e.toString());
            }
            out.println(gson.toJson(answer));
        }
    }
}
