// SPDX-License-Identifier: GPL-2.0-only
// serve DIRECTORY PORT | get URL FILE | put FILE URL
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

public class Peer {
	private static void answer(Path directory, HttpExchange exchange)
			throws IOException {
		Path file = directory.resolve(
			Path.of(exchange.getRequestURI().getPath()).getFileName());

		if (exchange.getRequestMethod().equals("PUT")) {
			try (InputStream body = exchange.getRequestBody()) {
				Files.copy(body, file,
					StandardCopyOption.REPLACE_EXISTING);
			}
			exchange.sendResponseHeaders(201, -1);
		} else {
			exchange.sendResponseHeaders(200, Files.size(file));
			try (OutputStream body = exchange.getResponseBody()) {
				Files.copy(file, body);
			}
		}
		exchange.close();
	}

	private static void serve(Path directory, int port) throws IOException {
		HttpServer server = HttpServer.create(
			new InetSocketAddress("127.0.0.1", port), 0);

		server.createContext("/", e -> answer(directory, e));
		server.start();
		System.out.println("ready");
	}

	private static void send(HttpRequest.Builder request,
			HttpResponse.BodyHandler<?> handler) throws Exception {
		HttpClient client = HttpClient.newBuilder()
			.version(HttpClient.Version.HTTP_1_1).build();
		int status = client.send(request.build(), handler).statusCode();

		if (status >= 300)
			throw new IOException("status " + status);
	}

	public static void main(String[] words) throws Exception {
		switch (words[0]) {
		case "serve":
			serve(Path.of(words[1]), Integer.parseInt(words[2]));
			break;
		case "get":
			send(HttpRequest.newBuilder(URI.create(words[1])),
				HttpResponse.BodyHandlers.ofFile(
					Path.of(words[2])));
			break;
		case "put":
			send(HttpRequest.newBuilder(URI.create(words[2])).PUT(
				HttpRequest.BodyPublishers.ofFile(
					Path.of(words[1]))),
				HttpResponse.BodyHandlers.discarding());
			break;
		default:
			throw new IllegalArgumentException(words[0]);
		}
	}
}
