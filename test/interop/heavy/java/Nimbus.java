import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.oauth2.sdk.ErrorObject;
import com.nimbusds.oauth2.sdk.TokenIntrospectionSuccessResponse;
import com.nimbusds.oauth2.sdk.device.DeviceAuthorizationSuccessResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import com.nimbusds.openid.connect.sdk.claims.UserInfo;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientInformation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import net.minidev.json.JSONArray;
import net.minidev.json.JSONObject;
import net.minidev.json.JSONValue;

/**
 * Reads the corpus with Nimbus's oauth2-oidc-sdk, which Spring Security uses.
 *
 * <p>usage: java -cp CLASSPATH Nimbus.java VERSION CORPUS.json; prints one JSON record, see ../README.md.
 */
public final class Nimbus {
  private static final Pattern NAMED =
      Pattern.compile("JSON object member with key \"?(\\w+)\"?|Invalid (\\w+_uris?)\\b|\"(\\w+)\" (?:member|parameter)");

  interface Reader {
    Object read(String text) throws Exception;
  }

  private static final Map<String, Reader> READERS =
      Map.of(
          "discovery", text -> OIDCProviderMetadata.parse(text),
          "registration", text -> OIDCClientInformation.parse(JSONObjectUtils.parse(text)),
          "token", text -> OIDCTokenResponse.parse(JSONObjectUtils.parse(text)),
          "introspection", text -> TokenIntrospectionSuccessResponse.parse(JSONObjectUtils.parse(text)),
          "userinfo", text -> UserInfo.parse(text),
          "jsonWebKeySet", text -> JWKSet.parse(text),
          "deviceAuthorization", text -> DeviceAuthorizationSuccessResponse.parse(JSONObjectUtils.parse(text)),
          "error", text -> ErrorObject.parse(JSONObjectUtils.parse(text)));

  public static void main(String[] args) throws Exception {
    JSONArray accepted = new JSONArray();
    JSONObject refused = new JSONObject();
    JSONObject why = new JSONObject();
    for (Object one : (JSONArray) JSONValue.parse(Files.readString(Path.of(args[1])))) {
      JSONObject document = (JSONObject) one;
      Reader reader = READERS.get(document.getAsString("kind"));
      String name = document.getAsString("name");
      if (reader == null) continue;
      try {
        reader.read(document.getAsString("text"));
        accepted.add(name);
      } catch (Exception thrown) {
        refused.put(name, member(String.valueOf(thrown.getMessage())));
        why.put(name, thrown.getClass().getSimpleName() + " " + thrown.getMessage());
      }
    }
    JSONObject kinds = new JSONObject();
    READERS.keySet().forEach(kind -> kinds.put(kind, ""));
    JSONObject record = new JSONObject();
    record.put("software", "Nimbus oauth2-oidc-sdk (Java)");
    record.put("version", args[0]);
    record.put("runtime", "Java " + System.getProperty("java.version"));
    record.put("style", "nimbus");
    record.put("kinds", kinds);
    record.put("models", new JSONObject());
    record.put("accepted", accepted);
    record.put("refused", refused);
    record.put("why", why);
    System.out.println(record.toJSONString());
  }

  /** The name of the member that a message is about; empty where it names none. */
  private static String member(String message) {
    var match = NAMED.matcher(message);
    if (!match.find()) return "";
    for (int i = 1; i <= match.groupCount(); i++) if (match.group(i) != null) return match.group(i);
    return "";
  }
}
