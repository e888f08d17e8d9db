import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** A browser and a login and consent app, for what is called against a running Ladon. */
final class Flow {
  static final String REDIRECT = "http://127.0.0.1:9000/cb";
  static final String SUBJECT = "foo@bar.com";

  private final String base;
  private final String key;
  private final HttpClient http =
      HttpClient.newBuilder().cookieHandler(new CookieManager()).followRedirects(HttpClient.Redirect.NEVER).build();

  Flow(String base, String key) {
    this.base = base;
    this.key = key;
  }

  String key() {
    return key;
  }

  String admin(String method, String path, String json) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base + path))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json))
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) throw new IllegalStateException(answer.statusCode() + " " + answer.body());
    return answer.body();
  }

  /** Goes on until an address has the query parameter that is waited for. */
  String follow(String address, String name) throws Exception {
    for (int hops = 0; hops < 10; hops++) {
      var found = Pattern.compile("[?&]" + name + "=([^&#]+)").matcher(address);
      if (found.find()) return found.group(1);
      var answer = http.send(HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.ofString());
      String at = address;
      String location =
          answer.headers().firstValue("location").orElseThrow(() -> new IllegalStateException(answer.statusCode() + " at " + at));
      address = URI.create(address).resolve(location).toString();
    }
    throw new IllegalStateException("too many redirects");
  }

  static String text(String json, String member) {
    var found = Pattern.compile("\"" + member + "\":\"([^\"]*)\"").matcher(json);
    if (!found.find()) throw new IllegalStateException("no " + member + " in " + json);
    return found.group(1);
  }

  String client() throws Exception {
    return admin(
        "POST",
        "/admin/clients",
        "{\"redirect_uris\":[\"" + REDIRECT + "\"],\"response_types\":[\"code\"],\"scope\":\"openid offline_access\","
            + "\"grant_types\":[\"authorization_code\",\"refresh_token\",\"client_credentials\"]}");
  }

  String authorizationUrl(String clientId, Map<String, String> more) {
    Map<String, String> query = new LinkedHashMap<>(more);
    query.put("client_id", clientId);
    query.put("redirect_uri", REDIRECT);
    query.put("response_type", "code");
    query.put("scope", "openid offline_access");
    query.put("state", "12345678");
    StringBuilder url = new StringBuilder(base + "/oauth2/auth?");
    query.forEach((name, value) -> url.append(name).append('=').append(URLEncoder.encode(value, StandardCharsets.UTF_8)).append('&'));
    return url.toString();
  }

  String loginChallenge(String clientId) throws Exception {
    return follow(authorizationUrl(clientId, Map.of()), "login_challenge");
  }

  String consentChallenge(String url) throws Exception {
    String challenge = follow(url, "login_challenge");
    String accept = "/admin/oauth2/auth/requests/login/accept?login_challenge=" + challenge;
    return follow(text(admin("PUT", accept, "{\"subject\":\"" + SUBJECT + "\",\"remember\":true}"), "redirect_to"), "consent_challenge");
  }

  String code(String url) throws Exception {
    String accept = "/admin/oauth2/auth/requests/consent/accept?consent_challenge=" + consentChallenge(url);
    return follow(text(admin("PUT", accept, "{\"grant_scope\":[\"openid\",\"offline_access\"]}"), "redirect_to"), "code");
  }

  interface Step {
    void run() throws Exception;
  }

  /** What works, and what fails and why. */
  static final class Results {
    private final StringBuilder works = new StringBuilder();
    private final StringBuilder fails = new StringBuilder();

    void run(String name, Step step) {
      try {
        step.run();
        works.append(works.isEmpty() ? "" : ",").append(quoted(name));
      } catch (Throwable thrown) {
        Throwable cause = thrown.getCause() != null && thrown.getMessage() == null ? thrown.getCause() : thrown;
        fails.append(fails.isEmpty() ? "" : ",").append(quoted(name)).append(':').append(quoted(why(cause)));
      }
    }

    private static String why(Throwable cause) {
      String text = cause.getClass().getSimpleName() + " " + cause.getMessage();
      try {
        text += " " + cause.getClass().getMethod("getResponseBody").invoke(cause);
      } catch (ReflectiveOperationException none) {
        // Not the exception of an SDK.
      }
      return text.substring(0, Math.min(240, text.length()));
    }

    void print(String software, String version) {
      System.out.println(
          "{\"software\":" + quoted(software) + ",\"version\":" + quoted(version) + ",\"runtime\":\"Java "
              + System.getProperty("java.version") + "\",\"works\":[" + works + "],\"fails\":{" + fails + "}}");
    }

    private static String quoted(String text) {
      return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\s+", " ") + "\"";
    }
  }
}
