import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Calls a running Ladon with one release of sh.ory.hydra:hydra-client.
 *
 * <p>usage: java -cp CLASSPATH HydraClientOperations VERSION BASE ADMIN_KEY [lenient], after javac with Flow.java; see
 * ../README.md. `lenient` gives release 2.0 a Gson without its checks of members.
 */
public final class HydraClientOperations {
  /** A body, as JSON; becomes the model that the method takes. */
  record Body(String json) {}

  private static String base;
  private static Flow flow;
  private static Gson gson;
  private static Gson lenientGson;

  public static void main(String[] args) throws Exception {
    base = args[1];
    flow = new Flow(base, args[2]);
    Class<?> jsonClass = Class.forName("sh.ory.hydra.JSON");
    Object json = jsonClass.getConstructor().newInstance();
    boolean lenient = args.length > 3;
    if (lenient) lenientGson = lenientGson(jsonClass);
    gson = (Gson) jsonClass.getMethod("getGson").invoke(json);
    boolean v2 = args[0].startsWith("2.");
    List<Object> admin = apis("Bearer " + args[2], null, null);
    List<Object> nobody = apis(null, null, null);
    var results = new Flow.Results();
    results.run("discover", () -> call(nobody, v2 ? "discoverOidcConfiguration" : "discoverOpenIDConfiguration"));
    results.run("jwks", () -> call(nobody, v2 ? "discoverJsonWebKeys" : "wellKnown"));
    results.run("alive", () -> call(nobody, "isAlive"));
    results.run("ready", () -> call(nobody, "isReady"));
    results.run("version", () -> call(admin, "getVersion"));
    clients(results, admin, v2);
    logins(results, admin, v2);
    keysAndTrust(results, admin, v2);
    publicCalls(results, admin, nobody, v2);
    results.print("hydra-client (Java)", args[0] + (lenient ? " lenient Gson" : ""));
  }

  private static Gson lenientGson(Class<?> json) throws Exception {
    Object time = Class.forName("sh.ory.hydra.JSON$OffsetDateTimeTypeAdapter").getConstructor().newInstance();
    GsonBuilder builder = (GsonBuilder) json.getMethod("createGson").invoke(null);
    return builder.registerTypeAdapter(java.time.OffsetDateTime.class, time).create();
  }

  private static void clients(Flow.Results results, List<Object> admin, boolean v2) {
    Body little = new Body("{}");
    Body body = new Body("{\"client_name\":\"x\",\"redirect_uris\":[\"" + Flow.REDIRECT + "\"]}");
    results.run("client_create", () -> call(admin, "createOAuth2Client", body));
    results.run("client_create_little", () -> call(admin, "createOAuth2Client", little));
    results.run("client_get", () -> call(admin, "getOAuth2Client", id(flow.client())));
    results.run("client_list", () -> call(admin, "listOAuth2Clients", null, null, null, null));
    results.run("client_set", () -> call(admin, v2 ? "setOAuth2Client" : "updateOAuth2Client", id(flow.client()), body));
    Body patch = new Body("[{\"op\":\"replace\",\"path\":\"/client_name\",\"value\":\"z\"}]");
    results.run("client_patch", () -> call(admin, "patchOAuth2Client", id(flow.client()), patch));
    if (v2) {
      Body lifespans = new Body("{\"refresh_token_grant_access_token_lifespan\":\"1h\"}");
      results.run("client_lifespans", () -> call(admin, "setOAuth2ClientLifespans", id(flow.client()), lifespans));
    }
    results.run("client_delete", () -> call(admin, "deleteOAuth2Client", id(flow.client())));
    results.run("client_tokens_delete", () -> call(admin, "deleteOAuth2Token", id(flow.client())));
  }

  private static void logins(Flow.Results results, List<Object> admin, boolean v2) {
    String o = v2 ? "OAuth2" : "";
    Body login = new Body("{\"subject\":\"" + Flow.SUBJECT + "\",\"remember\":true}");
    Body consent = new Body("{\"grant_scope\":[\"openid\"]}");
    Body no = new Body("{\"error\":\"access_denied\"}");
    results.run("login_get", () -> call(admin, "get" + o + "LoginRequest", loginChallenge()));
    results.run("login_accept", () -> call(admin, "accept" + o + "LoginRequest", loginChallenge(), login));
    results.run("login_reject", () -> call(admin, "reject" + o + "LoginRequest", loginChallenge(), no));
    results.run("consent_get", () -> call(admin, "get" + o + "ConsentRequest", consentChallenge()));
    results.run("consent_accept", () -> call(admin, "accept" + o + "ConsentRequest", consentChallenge(), consent));
    results.run("consent_reject", () -> call(admin, "reject" + o + "ConsentRequest", consentChallenge(), no));
    results.run("logout_get", () -> call(admin, "get" + o + "LogoutRequest", logoutChallenge()));
    results.run("logout_accept", () -> call(admin, "accept" + o + "LogoutRequest", logoutChallenge()));
    results.run("logout_reject", () -> {
      if (v2) call(admin, "rejectOAuth2LogoutRequest", logoutChallenge());
      else call(admin, "rejectLogoutRequest", logoutChallenge(), no);
    });
    String list = v2 ? "listOAuth2ConsentSessions" : "listSubjectConsentSessions";
    results.run("consents_list", () -> {
      new Flow(base, flow.key()).code(flow.authorizationUrl(id(flow.client()), Map.of()));
      List<?> found = (List<?>) call(admin, list, Flow.SUBJECT, null, null);
      if (found.isEmpty()) throw new IllegalStateException("no consents");
    });
    String revoke = v2 ? "revokeOAuth2ConsentSessions" : "revokeConsentSessions";
    results.run("consents_revoke_of_client", () -> call(admin, revoke, "a@b", id(flow.client()), null));
    results.run("consents_revoke_all", () -> call(admin, revoke, "a@b", null, true));
    results.run("sessions_revoke", () -> call(admin, v2 ? "revokeOAuth2LoginSessions" : "revokeAuthenticationSession", "e@f"));
  }

  private static void keysAndTrust(Flow.Results results, List<Object> admin, boolean v2) {
    String set = v2 ? "setJsonWebKey" : "updateJsonWebKey";
    Body made = new Body("{\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"one\"}");
    results.run("keys", () -> {
      String name = UUID.randomUUID().toString();
      Object keys = call(admin, "createJsonWebKeySet", name, made);
      call(admin, "getJsonWebKeySet", name);
      Object one = call(admin, "getJsonWebKey", v2 ? name : "one", v2 ? "one" : name);
      call(admin, set + "Set", name, new Body(gson.toJson(keys)));
      List<?> list = (List<?>) one.getClass().getMethod("getKeys").invoke(one);
      call(admin, set, v2 ? name : "one", v2 ? "one" : name, new Body(gson.toJson(list.get(0))));
      call(admin, "deleteJsonWebKey", v2 ? name : "one", v2 ? "one" : name);
      call(admin, "deleteJsonWebKeySet", name);
    });
    String o = v2 ? "OAuth2" : "";
    results.run("trust", () -> {
      String key = flow.admin("POST", "/admin/keys/" + UUID.randomUUID(), made.json());
      String jwk = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"one\",\"x\":\"" + Flow.text(key, "x")
          + "\",\"y\":\"" + Flow.text(key, "y") + "\"}";
      Body body = new Body("{\"issuer\":\"https://" + UUID.randomUUID() + ".example\",\"subject\":\"a@b\",\"scope\":[\"openid\"],\"jwk\":"
          + jwk + ",\"expires_at\":\"2030-01-01T00:00:00Z\"}");
      Object trusted = call(admin, "trust" + o + "JwtGrantIssuer", body);
      String id = (String) trusted.getClass().getMethod("getId").invoke(trusted);
      call(admin, "getTrusted" + o + "JwtGrantIssuer", id);
      if (v2) call(admin, "listTrustedOAuth2JwtGrantIssuers", null, null, null);
      else call(admin, "listTrustedJwtGrantIssuers", null, null, null);
      call(admin, "deleteTrusted" + o + "JwtGrantIssuer", id);
    });
  }

  private static void publicCalls(Flow.Results results, List<Object> admin, List<Object> nobody, boolean v2) {
    String exchange = v2 ? "oauth2TokenExchange" : "oauth2Token";
    results.run("token", () -> token(exchange, flow.client()));
    results.run("introspect", () -> {
      Object read = call(admin, "introspectOAuth2Token", ownToken(flow.client()), null);
      if (!Boolean.TRUE.equals(read.getClass().getMethod("getActive").invoke(read))) throw new IllegalStateException("not active");
    });
    results.run("revoke", () -> {
      String made = flow.client();
      call(as(made), "revokeOAuth2Token", ownToken(made));
    });
    Body body = new Body("{\"redirect_uris\":[\"" + Flow.REDIRECT + "\"]}");
    results.run("register", () -> call(nobody, v2 ? "createOidcDynamicClient" : "dynamicClientRegistrationCreateOAuth2Client", body));
    results.run("registration_get", () -> {
      String made = flow.admin("POST", "/oauth2/register", body.json());
      List<Object> own = apis("Bearer " + Flow.text(made, "registration_access_token"), null, null);
      call(own, v2 ? "getOidcDynamicClient" : "dynamicClientRegistrationGetOAuth2Client", id(made));
    });
  }

  private static Object token(String exchange, String made) throws Exception {
    String code = new Flow(base, flow.key()).code(flow.authorizationUrl(id(made), Map.of()));
    return call(as(made), exchange, "authorization_code", null, code, Flow.REDIRECT, null);
  }

  private static String ownToken(String made) throws Exception {
    var request = java.net.http.HttpRequest.newBuilder(java.net.URI.create(base + "/oauth2/token"))
        .header("Authorization", "Basic " + java.util.Base64.getEncoder()
            .encodeToString((id(made) + ":" + Flow.text(made, "client_secret")).getBytes()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(java.net.http.HttpRequest.BodyPublishers.ofString("grant_type=client_credentials"))
        .build();
    var answer = java.net.http.HttpClient.newHttpClient().send(request, java.net.http.HttpResponse.BodyHandlers.ofString());
    return Flow.text(answer.body(), "access_token");
  }

  private static String id(String client) {
    return Flow.text(client, "client_id");
  }

  private static String loginChallenge() throws Exception {
    return new Flow(base, flow.key()).loginChallenge(id(flow.client()));
  }

  private static String consentChallenge() throws Exception {
    return new Flow(base, flow.key()).consentChallenge(flow.authorizationUrl(id(flow.client()), Map.of()));
  }

  private static String logoutChallenge() throws Exception {
    Flow browser = new Flow(base, flow.key());
    browser.code(flow.authorizationUrl(id(flow.client()), Map.of()));
    return browser.follow(base + "/oauth2/sessions/logout", "logout_challenge");
  }

  private static List<Object> as(String client) throws Exception {
    return apis(null, id(client), Flow.text(client, "client_secret"));
  }

  /** The API classes of the release, for a caller who is who the arguments say. */
  private static List<Object> apis(String authorization, String username, String password) throws Exception {
    Class<?> clientClass = Class.forName("sh.ory.hydra.ApiClient");
    Object client = clientClass.getConstructor().newInstance();
    // Each new ApiClient makes the release's Gson afresh.
    if (lenientGson != null) Class.forName("sh.ory.hydra.JSON").getMethod("setGson", Gson.class).invoke(null, lenientGson);
    clientClass.getMethod("setBasePath", String.class).invoke(client, base);
    if (authorization != null) {
      clientClass.getMethod("addDefaultHeader", String.class, String.class).invoke(client, "Authorization", authorization);
    }
    if (username != null) {
      clientClass.getMethod("setUsername", String.class).invoke(client, username);
      clientClass.getMethod("setPassword", String.class).invoke(client, password);
    }
    List<Object> made = new ArrayList<>();
    for (String name : List.of("AdminApi", "PublicApi", "MetadataApi", "OAuth2Api", "OidcApi", "JwkApi", "WellknownApi")) {
      try {
        made.add(Class.forName("sh.ory.hydra.api." + name).getConstructor(clientClass).newInstance(client));
      } catch (ClassNotFoundException none) {
        // Not in this release.
      }
    }
    return made;
  }

  private static Object call(List<Object> apis, String name, Object... given) throws Exception {
    for (Object api : apis) {
      for (Method method : api.getClass().getMethods()) {
        if (!method.getName().equals(name) || method.getParameterCount() != given.length) continue;
        Object[] arguments = new Object[given.length];
        for (int i = 0; i < given.length; i++) {
          Type type = method.getGenericParameterTypes()[i];
          arguments[i] = given[i] instanceof Body body ? gson.fromJson(body.json(), type) : given[i];
        }
        try {
          return method.invoke(api, arguments);
        } catch (InvocationTargetException thrown) {
          if (thrown.getCause() instanceof Exception cause) throw cause;
          throw thrown;
        }
      }
    }
    throw new NoSuchMethodException(name);
  }
}
