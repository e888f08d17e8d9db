import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.TokenIntrospectionRequest;
import com.nimbusds.oauth2.sdk.TokenIntrospectionResponse;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenRevocationRequest;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientInformationResponse;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientMetadata;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientRegistrationRequest;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientRegistrationResponseParser;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.net.URI;
import java.util.Map;

/**
 * Calls a running Ladon with Nimbus's oauth2-oidc-sdk.
 *
 * <p>usage: java -cp CLASSPATH NimbusOperations.java VERSION BASE ADMIN_KEY, after javac Flow.java; see ../README.md.
 */
public final class NimbusOperations {
  private static OIDCProviderMetadata metadata;
  private static ClientID id;
  private static Secret secret;
  private static OIDCTokenResponse tokens;

  public static void main(String[] args) throws Exception {
    String base = args[1];
    Flow flow = new Flow(base, args[2]);
    var results = new Flow.Results();
    Nonce nonce = new Nonce("n-0S6_WzA2Mj");
    results.run("discovery", () -> metadata = OIDCProviderMetadata.resolve(new Issuer(base)));
    results.run(
        "registration",
        () -> {
          OIDCClientMetadata wanted = new OIDCClientMetadata();
          wanted.setRedirectionURI(URI.create(Flow.REDIRECT));
          wanted.setName("Shop");
          wanted.setGrantTypes(new java.util.HashSet<>(java.util.List.of(
              com.nimbusds.oauth2.sdk.GrantType.AUTHORIZATION_CODE, com.nimbusds.oauth2.sdk.GrantType.REFRESH_TOKEN)));
          var asked = new OIDCClientRegistrationRequest(metadata.getRegistrationEndpointURI(), wanted, null);
          var answer = OIDCClientRegistrationResponseParser.parse(asked.toHTTPRequest().send());
          if (!answer.indicatesSuccess()) throw new IllegalStateException(answer.toErrorResponse().getErrorObject().toString());
          var registered = ((OIDCClientInformationResponse) answer).getOIDCClientInformation();
          id = registered.getID();
          secret = registered.getSecret();
        });
    if (id == null) {
      String made = flow.client();
      id = new ClientID(Flow.text(made, "client_id"));
      secret = new Secret(Flow.text(made, "client_secret"));
    }
    results.run(
        "code and ID token",
        () -> {
          String url = flow.authorizationUrl(id.getValue(), Map.of("nonce", nonce.getValue()));
          var grant = new AuthorizationCodeGrant(new AuthorizationCode(flow.code(url)), URI.create(Flow.REDIRECT));
          tokens = token(new TokenRequest(metadata.getTokenEndpointURI(), new ClientSecretBasic(id, secret), grant));
          var validator = new IDTokenValidator(metadata.getIssuer(), id, JWSAlgorithm.RS256, metadata.getJWKSetURI().toURL());
          validator.validate(tokens.getOIDCTokens().getIDToken(), nonce);
        });
    results.run(
        "refresh",
        () -> {
          var grant = new RefreshTokenGrant(tokens.getOIDCTokens().getRefreshToken());
          tokens = token(new TokenRequest(metadata.getTokenEndpointURI(), new ClientSecretBasic(id, secret), grant));
        });
    results.run(
        "userinfo",
        () -> {
          var asked = new UserInfoRequest(metadata.getUserInfoEndpointURI(), tokens.getOIDCTokens().getBearerAccessToken());
          var answer = UserInfoResponse.parse(asked.toHTTPRequest().send());
          if (!answer.toSuccessResponse().getUserInfo().getSubject().getValue().equals(Flow.SUBJECT)) throw new IllegalStateException();
        });
    results.run(
        "introspection",
        () -> {
          var asked = new TokenIntrospectionRequest(
              metadata.getIntrospectionEndpointURI(), new ClientSecretBasic(id, secret), tokens.getOIDCTokens().getAccessToken());
          var answer = TokenIntrospectionResponse.parse(asked.toHTTPRequest().send());
          if (!answer.toSuccessResponse().isActive()) throw new IllegalStateException("not active");
        });
    results.run(
        "revocation",
        () -> {
          var asked = new TokenRevocationRequest(
              metadata.getRevocationEndpointURI(), new ClientSecretBasic(id, secret), tokens.getOIDCTokens().getRefreshToken());
          var answer = asked.toHTTPRequest().send();
          if (answer.getStatusCode() != 200) throw new IllegalStateException(answer.getContent());
        });
    results.print("Nimbus oauth2-oidc-sdk (Java)", args[0]);
  }

  private static OIDCTokenResponse token(TokenRequest request) throws Exception {
    var answer = OIDCTokenResponseParser.parse(request.toHTTPRequest().send());
    if (!answer.indicatesSuccess()) throw new IllegalStateException(answer.toErrorResponse().getErrorObject().toString());
    return (OIDCTokenResponse) answer.toSuccessResponse();
  }
}
