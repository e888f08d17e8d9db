import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.annotations.SerializedName;
import com.google.gson.reflect.TypeToken;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads the corpus with the models of one release of sh.ory.hydra:hydra-client, and says what they ask for.
 *
 * <p>usage: java -cp CLASSPATH HydraClient.java VERSION CORPUS.json; prints one JSON record, see ../README.md.
 */
public final class HydraClient {
  private static final Pattern NAMED =
      Pattern.compile("[Ff]ield(?:\\(s\\))? `(\\w+)`|path \\$(?:\\[\\d+\\])?(?:\\.\\w+)*\\.(\\w+)");

  private static final Map<String, List<String>> KINDS = new LinkedHashMap<>();
  private static final Map<String, String> MODELS = new LinkedHashMap<>();

  static {
    KINDS.put("client", List.of("OAuth2Client"));
    KINDS.put("clients", List.of("[OAuth2Client]"));
    KINDS.put("consentRequest", List.of("OAuth2ConsentRequest", "ConsentRequest"));
    KINDS.put("consentSessions", List.of("[OAuth2ConsentSession]", "[PreviousConsentSession]"));
    KINDS.put("discovery", List.of("OidcConfiguration", "WellKnown"));
    KINDS.put("error", List.of("ErrorOAuth2", "JsonError"));
    KINDS.put("health", List.of("HealthStatus"));
    KINDS.put("introspection", List.of("IntrospectedOAuth2Token", "OAuth2TokenIntrospection"));
    KINDS.put("jsonWebKey", List.of("JsonWebKey", "JSONWebKey"));
    KINDS.put("jsonWebKeySet", List.of("JsonWebKeySet", "JSONWebKeySet"));
    KINDS.put("loginRequest", List.of("OAuth2LoginRequest", "LoginRequest"));
    KINDS.put("logoutRequest", List.of("OAuth2LogoutRequest", "LogoutRequest"));
    KINDS.put("redirectTo", List.of("OAuth2RedirectTo", "CompletedRequest"));
    KINDS.put("registration", List.of("OAuth2Client"));
    KINDS.put("token", List.of("OAuth2TokenExchange", "Oauth2TokenResponse"));
    KINDS.put("trustedIssuer", List.of("TrustedOAuth2JwtGrantIssuer", "TrustedJwtGrantIssuer"));
    KINDS.put("trustedIssuers", List.of("[TrustedOAuth2JwtGrantIssuer]", "[TrustedJwtGrantIssuer]"));
    KINDS.put("userinfo", List.of("OidcUserInfo", "UserinfoResponse"));
    KINDS.put("version", List.of("Version"));
  }

  public static void main(String[] args) throws Exception {
    Map<String, Type> types = new LinkedHashMap<>();
    Map<String, String> kinds = new LinkedHashMap<>();
    for (var entry : KINDS.entrySet()) {
      for (String name : entry.getValue()) {
        Class<?> model = find(name.replaceAll("[\\[\\]]", ""));
        if (model == null || types.containsKey(entry.getKey())) continue;
        boolean many = name.startsWith("[");
        types.put(entry.getKey(), many ? TypeToken.getParameterized(List.class, model).getType() : model);
        kinds.put(entry.getKey(), many ? "[" + describe(model) + "]" : describe(model));
      }
    }
    List<String> accepted = new ArrayList<>();
    Map<String, String> refused = new LinkedHashMap<>();
    Map<String, String> why = new LinkedHashMap<>();
    Object json = Class.forName("sh.ory.hydra.JSON").getConstructor().newInstance();
    Gson gson = (Gson) json.getClass().getMethod("getGson").invoke(json);
    JsonArray corpus = JsonParser.parseString(Files.readString(Path.of(args[1]))).getAsJsonArray();
    for (JsonElement element : corpus) {
      JsonObject document = element.getAsJsonObject();
      Type type = types.get(document.get("kind").getAsString());
      if (type == null) continue;
      String name = document.get("name").getAsString();
      try {
        gson.fromJson(document.get("text").getAsString(), type);
        accepted.add(name);
      } catch (Exception thrown) {
        refused.put(name, member(String.valueOf(thrown.getMessage())));
        String message = thrown.getMessage();
        why.put(name, thrown.getClass().getSimpleName() + " " + message.substring(0, Math.min(300, message.length())));
      }
    }
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("software", "hydra-client (Java)");
    record.put("version", args[0]);
    record.put("runtime", "Java " + System.getProperty("java.version"));
    record.put("style", args[0].startsWith("1.") ? "gson" : "gsonChecked");
    record.put("kinds", kinds);
    record.put("models", MODELS);
    record.put("accepted", accepted);
    record.put("refused", refused);
    record.put("why", why);
    System.out.println(new Gson().toJson(record));
  }

  private static Class<?> find(String name) {
    try {
      return Class.forName("sh.ory.hydra.model." + name);
    } catch (ClassNotFoundException none) {
      return null;
    }
  }

  /** Writes down a model once: `member!: type` where the member is required; `*` allows members of other names. */
  private static String describe(Class<?> model) throws Exception {
    String name = model.getSimpleName();
    if (MODELS.containsKey(name)) return name;
    MODELS.put(name, "");
    Set<?> required = names(model, "openapiRequiredFields");
    List<String> members = new ArrayList<>();
    for (Field field : model.getDeclaredFields()) {
      SerializedName serialized = field.getAnnotation(SerializedName.class);
      if (serialized == null || Modifier.isStatic(field.getModifiers())) continue;
      String mark = required.contains(serialized.value()) ? "!" : "";
      members.add(serialized.value() + mark + " " + typeOf(field.getGenericType()));
    }
    if (names(model, "openapiFields").isEmpty()) members.add("*");
    MODELS.put(name, String.join("; ", members));
    return name;
  }

  private static Set<?> names(Class<?> model, String field) throws Exception {
    try {
      return (Set<?>) model.getField(field).get(null);
    } catch (NoSuchFieldException none) {
      return Set.of();
    }
  }

  private static String typeOf(Type type) throws Exception {
    if (type instanceof ParameterizedType generic) {
      Type[] of = generic.getActualTypeArguments();
      return of.length == 1 ? "[" + typeOf(of[0]) + "]" : "{" + typeOf(of[1]) + "}";
    }
    Class<?> plain = (Class<?>) type;
    if (plain.getName().startsWith("sh.ory.hydra.model.")) return describe(plain);
    return switch (plain.getSimpleName()) {
      case "String" -> "str";
      case "Long", "Integer" -> "int";
      case "BigDecimal", "Double" -> "num";
      case "Boolean" -> "bool";
      case "OffsetDateTime" -> "time";
      case "Object" -> "any";
      default -> throw new IllegalStateException("no notation for " + plain);
    };
  }

  /** The name of the member that a message is about; empty where it names none. */
  private static String member(String message) {
    var match = NAMED.matcher(message);
    if (!match.find()) return "";
    return match.group(1) != null ? match.group(1) : match.group(2);
  }
}
