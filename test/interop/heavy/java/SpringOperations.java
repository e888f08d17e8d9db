import org.springframework.security.oauth2.client.registration.ClientRegistrations;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtDecoders;
import org.springframework.security.oauth2.server.resource.introspection.SpringOpaqueTokenIntrospector;

/**
 * What a Spring application does with Ladon at start and at each request: its configuration by issuer-uri, a resource
 * server that introspects, one that reads JWTs.
 *
 * <p>usage: java -cp CLASSPATH SpringOperations.java VERSION BASE ADMIN_KEY, after javac Flow.java; see ../README.md.
 */
public final class SpringOperations {
  public static void main(String[] args) throws Exception {
    String base = args[1];
    Flow flow = new Flow(base, args[2]);
    var results = new Flow.Results();
    String made = flow.client();
    String id = Flow.text(made, "client_id");
    String secret = Flow.text(made, "client_secret");
    String jwtClient =
        flow.admin("POST", "/admin/clients", "{\"grant_types\":[\"client_credentials\"],\"access_token_strategy\":\"jwt\"}");
    results.run(
        "issuer-uri of a client",
        () -> {
          var registration = ClientRegistrations.fromIssuerLocation(base).clientId(id).clientSecret(secret)
              .redirectUri(Flow.REDIRECT).build();
          var provider = registration.getProviderDetails();
          if (!provider.getConfigurationMetadata().containsKey("end_session_endpoint")) throw new IllegalStateException("no logout");
          if (!registration.getClientAuthenticationMethod().getValue().equals("client_secret_basic")) {
            throw new IllegalStateException(registration.getClientAuthenticationMethod().getValue());
          }
        });
    results.run(
        "opaque token, introspected at /oauth2/introspect with the client's own secret",
        () -> {
          String token = Flow.text(own(base, id, secret), "access_token");
          var introspector =
              SpringOpaqueTokenIntrospector.withIntrospectionUri(base + "/oauth2/introspect").clientId(id).clientSecret(secret).build();
          OAuth2AuthenticatedPrincipal principal = introspector.introspect(token);
          if (!id.equals(principal.getAttribute("client_id"))) throw new IllegalStateException(principal.getAttributes().toString());
        });
    results.run(
        "JWT access token, by issuer-uri of a resource server",
        () -> {
          String token = Flow.text(own(base, Flow.text(jwtClient, "client_id"), Flow.text(jwtClient, "client_secret")), "access_token");
          JwtDecoder decoder = JwtDecoders.fromIssuerLocation(base);
          if (!decoder.decode(token).getIssuer().toString().equals(base)) throw new IllegalStateException();
        });
    results.print("Spring Security (Java)", args[0]);
  }

  private static String own(String base, String id, String secret) throws Exception {
    var request = java.net.http.HttpRequest.newBuilder(java.net.URI.create(base + "/oauth2/token"))
        .header("Authorization", "Basic " + java.util.Base64.getEncoder().encodeToString((id + ":" + secret).getBytes()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(java.net.http.HttpRequest.BodyPublishers.ofString("grant_type=client_credentials"))
        .build();
    return java.net.http.HttpClient.newHttpClient().send(request, java.net.http.HttpResponse.BodyHandlers.ofString()).body();
  }
}
