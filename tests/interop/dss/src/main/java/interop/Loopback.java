package interop;

import eu.europa.esig.dss.model.DSSException;
import eu.europa.esig.dss.spi.client.http.DataLoader;
import eu.europa.esig.dss.spi.exception.DSSExternalResourceException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** HTTP to 127.0.0.1 and to nothing else. */
final class Loopback implements DataLoader {
    private static final HttpClient CLIENT =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build();
    private String contentType;

    Loopback() {}

    Loopback(String contentType) { this.contentType = contentType; }

    @Override
    public byte[] get(String url) {
        return send(url, request(url).GET());
    }

    @Override
    public DataAndUrl get(List<String> urls) {
        for (String url : urls) return new DataAndUrl(url, get(url));
        throw new DSSException("no URL");
    }

    @Override
    public byte[] post(String url, byte[] content) {
        return send(url, request(url).POST(HttpRequest.BodyPublishers.ofByteArray(content)));
    }

    @Override
    public void setContentType(String type) { contentType = type; }

    private HttpRequest.Builder request(String url) {
        if (!"127.0.0.1".equals(URI.create(url).getHost())) throw new DSSExternalResourceException("not loopback: " + url);
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20));
        return contentType == null ? builder : builder.header("Content-Type", contentType);
    }

    private byte[] send(String url, HttpRequest.Builder builder) {
        try {
            HttpResponse<byte[]> answer = CLIENT.send(builder.build(), HttpResponse.BodyHandlers.ofByteArray());
            if (answer.statusCode() != 200) throw new DSSExternalResourceException(url + ": " + answer.statusCode());
            return answer.body();
        } catch (IOException e) {
            throw new DSSExternalResourceException(url + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DSSExternalResourceException(url, e);
        }
    }
}
