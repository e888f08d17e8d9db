package main

import (
	"errors"
	"fmt"

	hydra "github.com/ory/hydra-client-go/v2"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// zitadel logs in with zitadel/oidc's relying party, and does what its method of authentication allows: the library
// sends the secret in the body for a refresh, and in the header for an introspection.
func zitadel(method string) func() error {
	return func() error {
		body := hydra.OAuth2Client{
			RedirectUris: []string{redirect}, ResponseTypes: []string{"code"},
			Scope:                   hydra.PtrString("openid offline_access"),
			GrantTypes:              []string{"authorization_code", "refresh_token"},
			TokenEndpointAuthMethod: hydra.PtrString(method),
		}
		made, _, err := admin.OAuth2API.CreateOAuth2Client(ctx).OAuth2Client(body).Execute()
		if err != nil {
			return err
		}
		scopes := []string{"openid", "offline_access"}
		party, err := rp.NewRelyingPartyOIDC(ctx, base, made.GetClientId(), made.GetClientSecret(), redirect, scopes)
		if err != nil {
			return err
		}
		consent, err := consentAt(newBrowser(), rp.AuthURL("12345678", party))
		if err != nil {
			return err
		}
		tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](ctx, consent, party)
		if err != nil {
			return fmt.Errorf("code: %w", err)
		}
		if _, err = rp.Userinfo[*oidc.UserInfo](ctx, tokens.AccessToken, "Bearer", subject, party); err != nil {
			return fmt.Errorf("userinfo: %w", err)
		}
		if method == "client_secret_post" {
			_, err = rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, tokens.RefreshToken, "", "")
			return err
		}
		server, err := rs.NewResourceServerClientCredentials(ctx, base, made.GetClientId(), made.GetClientSecret())
		if err != nil {
			return err
		}
		read, err := rs.Introspect[*oidc.IntrospectionResponse](ctx, server, tokens.AccessToken)
		if err != nil || !read.Active {
			return errors.Join(errors.New("introspection"), err)
		}
		return nil
	}
}
