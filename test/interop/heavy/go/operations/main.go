// Calls a running Ladon with ory/hydra-client-go/v2, and logs in with coreos/go-oidc and x/oauth2.
//
// usage: go run ./operations BASE ADMIN_KEY
// Prints one JSON record; see ../../README.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"runtime"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	hydra "github.com/ory/hydra-client-go/v2"
	"golang.org/x/oauth2"
)

const redirect = "http://127.0.0.1:9000/cb"
const subject = "foo@bar.com"

var base, key string
var admin, nobody hydra.APIClient
var ctx = context.Background()

func client(header string) hydra.APIClient {
	configuration := hydra.NewConfiguration()
	configuration.Servers = hydra.ServerConfigurations{{URL: base}}
	if header != "" {
		configuration.AddDefaultHeader("Authorization", header)
	}
	return *hydra.NewAPIClient(configuration)
}

func asClient(made *hydra.OAuth2Client) context.Context {
	credentials := hydra.BasicAuth{UserName: made.GetClientId(), Password: made.GetClientSecret()}
	return context.WithValue(ctx, hydra.ContextBasicAuth, credentials)
}

func newClient() (*hydra.OAuth2Client, error) {
	body := hydra.OAuth2Client{
		RedirectUris:  []string{redirect},
		ResponseTypes: []string{"code"},
		Scope:         hydra.PtrString("openid offline_access"),
		GrantTypes:    []string{"authorization_code", "refresh_token", "client_credentials"},
	}
	made, _, err := admin.OAuth2API.CreateOAuth2Client(ctx).OAuth2Client(body).Execute()
	return made, err
}

type browser struct{ http.Client }

func newBrowser() *browser {
	jar, _ := cookiejar.New(nil)
	stop := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{http.Client{Jar: jar, CheckRedirect: stop}}
}

// follow goes on until an address has the query parameter that is waited for.
func (b *browser) follow(address, name string) (string, error) {
	for range 10 {
		at, err := url.Parse(address)
		if err != nil {
			return "", err
		}
		if found := at.Query().Get(name); found != "" {
			return found, nil
		}
		answer, err := b.Get(address)
		if err != nil {
			return "", err
		}
		_ = answer.Body.Close()
		next, err := answer.Location()
		if err != nil {
			return "", fmt.Errorf("%d at %s", answer.StatusCode, address)
		}
		address = next.String()
	}
	return "", errors.New("too many redirects")
}

func oauthConfig(made *hydra.OAuth2Client) oauth2.Config {
	return oauth2.Config{
		ClientID: made.GetClientId(), ClientSecret: made.GetClientSecret(), RedirectURL: redirect,
		Scopes:   []string{"openid", "offline_access"},
		Endpoint: oauth2.Endpoint{AuthURL: base + "/oauth2/auth", TokenURL: base + "/oauth2/token"},
	}
}

func loginChallenge(b *browser, made *hydra.OAuth2Client, options ...oauth2.AuthCodeOption) (string, error) {
	config := oauthConfig(made)
	return b.follow(config.AuthCodeURL("12345678", options...), "login_challenge")
}

func consentChallenge(b *browser, made *hydra.OAuth2Client, options ...oauth2.AuthCodeOption) (string, error) {
	config := oauthConfig(made)
	return consentChallengeAt(b, config.AuthCodeURL("12345678", options...))
}

func consentChallengeAt(b *browser, address string) (string, error) {
	challenge, err := b.follow(address, "login_challenge")
	if err != nil {
		return "", err
	}
	if _, _, err = admin.OAuth2API.GetOAuth2LoginRequest(ctx).LoginChallenge(challenge).Execute(); err != nil {
		return "", err
	}
	body := hydra.AcceptOAuth2LoginRequest{Subject: subject, Remember: hydra.PtrBool(true)}
	to, _, err := admin.OAuth2API.AcceptOAuth2LoginRequest(ctx).LoginChallenge(challenge).AcceptOAuth2LoginRequest(body).Execute()
	if err != nil {
		return "", err
	}
	return b.follow(to.RedirectTo, "consent_challenge")
}

func code(b *browser, made *hydra.OAuth2Client, options ...oauth2.AuthCodeOption) (string, error) {
	config := oauthConfig(made)
	return consentAt(b, config.AuthCodeURL("12345678", options...))
}

// consentAt logs in and consents, and gives the code.
func consentAt(b *browser, address string) (string, error) {
	challenge, err := consentChallengeAt(b, address)
	if err != nil {
		return "", err
	}
	read, _, err := admin.OAuth2API.GetOAuth2ConsentRequest(ctx).ConsentChallenge(challenge).Execute()
	if err != nil {
		return "", err
	}
	body := hydra.AcceptOAuth2ConsentRequest{GrantScope: read.RequestedScope}
	to, _, err := admin.OAuth2API.AcceptOAuth2ConsentRequest(ctx).ConsentChallenge(challenge).AcceptOAuth2ConsentRequest(body).Execute()
	if err != nil {
		return "", err
	}
	return b.follow(to.RedirectTo, "code")
}

func tokens() (*hydra.OAuth2Client, *oauth2.Token, error) {
	made, err := newClient()
	if err != nil {
		return nil, nil, err
	}
	got, err := code(newBrowser(), made)
	if err != nil {
		return nil, nil, err
	}
	config := oauthConfig(made)
	token, err := config.Exchange(ctx, got)
	return made, token, err
}

type operation struct {
	name string
	run  func() error
}

func withClient(run func(made *hydra.OAuth2Client) error) func() error {
	return func() error {
		made, err := newClient()
		if err != nil {
			return err
		}
		return run(made)
	}
}

func withTokens(run func(made *hydra.OAuth2Client, token *oauth2.Token) error) func() error {
	return func() error {
		made, token, err := tokens()
		if err != nil {
			return err
		}
		return run(made, token)
	}
}

var operations = []operation{
	{"discover", func() error { _, _, err := nobody.OidcAPI.DiscoverOidcConfiguration(ctx).Execute(); return err }},
	{"jwks", func() error { _, _, err := nobody.WellknownAPI.DiscoverJsonWebKeys(ctx).Execute(); return err }},
	{"alive", func() error { _, _, err := nobody.MetadataAPI.IsAlive(ctx).Execute(); return err }},
	{"ready", func() error { _, _, err := nobody.MetadataAPI.IsReady(ctx).Execute(); return err }},
	{"version", func() error { _, _, err := admin.MetadataAPI.GetVersion(ctx).Execute(); return err }},
	{"client_create_little", func() error {
		_, _, err := admin.OAuth2API.CreateOAuth2Client(ctx).OAuth2Client(hydra.OAuth2Client{}).Execute()
		return err
	}},
	{"client_list", withClient(func(*hydra.OAuth2Client) error {
		list, _, err := admin.OAuth2API.ListOAuth2Clients(ctx).Execute()
		if err == nil && len(list) == 0 {
			return errors.New("empty")
		}
		return err
	})},
	{"client_read_and_set", withClient(func(made *hydra.OAuth2Client) error {
		read, _, err := admin.OAuth2API.GetOAuth2Client(ctx, made.GetClientId()).Execute()
		if err != nil {
			return err
		}
		_, _, err = admin.OAuth2API.SetOAuth2Client(ctx, made.GetClientId()).OAuth2Client(*read).Execute()
		return err
	})},
	{"client_patch", withClient(func(made *hydra.OAuth2Client) error {
		patch := []hydra.JsonPatch{{Op: "replace", Path: "/client_name", Value: "z"}}
		_, _, err := admin.OAuth2API.PatchOAuth2Client(ctx, made.GetClientId()).JsonPatch(patch).Execute()
		return err
	})},
	{"client_lifespans", withClient(func(made *hydra.OAuth2Client) error {
		body := hydra.OAuth2ClientTokenLifespans{RefreshTokenGrantAccessTokenLifespan: hydra.PtrString("1h")}
		_, _, err := admin.OAuth2API.SetOAuth2ClientLifespans(ctx, made.GetClientId()).OAuth2ClientTokenLifespans(body).Execute()
		return err
	})},
	{"client_delete", withClient(func(made *hydra.OAuth2Client) error {
		_, err := admin.OAuth2API.DeleteOAuth2Client(ctx, made.GetClientId()).Execute()
		return err
	})},
	{"login_reject", withClient(func(made *hydra.OAuth2Client) error {
		challenge, err := loginChallenge(newBrowser(), made)
		if err != nil {
			return err
		}
		body := hydra.RejectOAuth2Request{Error: hydra.PtrString("access_denied")}
		_, _, err = admin.OAuth2API.RejectOAuth2LoginRequest(ctx).LoginChallenge(challenge).RejectOAuth2Request(body).Execute()
		return err
	})},
	{"consent_reject", withClient(func(made *hydra.OAuth2Client) error {
		challenge, err := consentChallenge(newBrowser(), made)
		if err != nil {
			return err
		}
		body := hydra.RejectOAuth2Request{Error: hydra.PtrString("access_denied")}
		_, _, err = admin.OAuth2API.RejectOAuth2ConsentRequest(ctx).ConsentChallenge(challenge).RejectOAuth2Request(body).Execute()
		return err
	})},
	{"logout_get_accept", withClient(func(made *hydra.OAuth2Client) error {
		b := newBrowser()
		if _, err := code(b, made); err != nil {
			return err
		}
		challenge, err := b.follow(base+"/oauth2/sessions/logout", "logout_challenge")
		if err != nil {
			return err
		}
		if _, _, err = admin.OAuth2API.GetOAuth2LogoutRequest(ctx).LogoutChallenge(challenge).Execute(); err != nil {
			return err
		}
		_, _, err = admin.OAuth2API.AcceptOAuth2LogoutRequest(ctx).LogoutChallenge(challenge).Execute()
		return err
	})},
	{"consents_list_revoke", withTokens(func(made *hydra.OAuth2Client, _ *oauth2.Token) error {
		list, _, err := admin.OAuth2API.ListOAuth2ConsentSessions(ctx).Subject(subject).Execute()
		if err != nil || len(list) == 0 {
			return fmt.Errorf("%d consents: %w", len(list), err)
		}
		_, err = admin.OAuth2API.RevokeOAuth2ConsentSessions(ctx).Subject(subject).Client(made.GetClientId()).Execute()
		return err
	})},
	{"sessions_revoke", func() error {
		_, err := admin.OAuth2API.RevokeOAuth2LoginSessions(ctx).Subject("e@f").Execute()
		return err
	}},
	{"introspect", withTokens(func(_ *hydra.OAuth2Client, token *oauth2.Token) error {
		read, _, err := admin.OAuth2API.IntrospectOAuth2Token(ctx).Token(token.AccessToken).Execute()
		if err == nil && !read.Active {
			return errors.New("not active")
		}
		return err
	})},
	{"keys", func() error {
		set := fmt.Sprint("set-", time.Now().UnixNano())
		body := hydra.CreateJsonWebKeySet{Alg: "ES256", Use: "sig", Kid: "one"}
		made, _, err := admin.JwkAPI.CreateJsonWebKeySet(ctx, set).CreateJsonWebKeySet(body).Execute()
		if err != nil {
			return err
		}
		if _, _, err = admin.JwkAPI.SetJsonWebKeySet(ctx, set).JsonWebKeySet(*made).Execute(); err != nil {
			return err
		}
		if _, _, err = admin.JwkAPI.GetJsonWebKey(ctx, set, "one").Execute(); err != nil {
			return err
		}
		_, err = admin.JwkAPI.DeleteJsonWebKeySet(ctx, set).Execute()
		return err
	}},
	{"revoke", withTokens(func(made *hydra.OAuth2Client, token *oauth2.Token) error {
		_, err := nobody.OAuth2API.RevokeOAuth2Token(asClient(made)).Token(token.AccessToken).Execute()
		return err
	})},
	{"revoke_with_both", withTokens(func(made *hydra.OAuth2Client, token *oauth2.Token) error {
		_, err := nobody.OAuth2API.RevokeOAuth2Token(asClient(made)).Token(token.AccessToken).
			ClientId(made.GetClientId()).ClientSecret(made.GetClientSecret()).Execute()
		return err
	})},
	{"token", withClient(func(made *hydra.OAuth2Client) error {
		got, err := code(newBrowser(), made)
		if err != nil {
			return err
		}
		_, _, err = nobody.OAuth2API.Oauth2TokenExchange(asClient(made)).GrantType("authorization_code").
			Code(got).RedirectUri(redirect).Execute()
		return err
	})},
	{"userinfo", withTokens(func(_ *hydra.OAuth2Client, token *oauth2.Token) error {
		with := context.WithValue(ctx, hydra.ContextAccessToken, token.AccessToken)
		read, _, err := nobody.OidcAPI.GetOidcUserInfo(with).Execute()
		if err == nil && read.GetSub() != subject {
			return errors.New(read.GetSub())
		}
		return err
	})},
	{"register_get_set_delete", func() error {
		body := hydra.OAuth2Client{RedirectUris: []string{redirect}}
		made, _, err := nobody.OidcAPI.CreateOidcDynamicClient(ctx).OAuth2Client(body).Execute()
		if err != nil {
			return err
		}
		own := client("Bearer " + made.GetRegistrationAccessToken())
		if _, _, err = own.OidcAPI.GetOidcDynamicClient(ctx, made.GetClientId()).Execute(); err != nil {
			return err
		}
		body.ClientName = hydra.PtrString("x")
		if _, _, err = own.OidcAPI.SetOidcDynamicClient(ctx, made.GetClientId()).OAuth2Client(body).Execute(); err != nil {
			return err
		}
		_, err = own.OidcAPI.DeleteOidcDynamicClient(ctx, made.GetClientId()).Execute()
		return err
	}},
	{"go-oidc: provider, PKCE, ID token, nonce, userinfo, refresh", withClient(func(made *hydra.OAuth2Client) error {
		provider, err := oidc.NewProvider(ctx, base)
		if err != nil {
			return err
		}
		verifier := oauth2.GenerateVerifier()
		got, err := code(newBrowser(), made, oauth2.S256ChallengeOption(verifier), oidc.Nonce("n-0S6_WzA2Mj"))
		if err != nil {
			return err
		}
		config := oauthConfig(made)
		config.Endpoint = provider.Endpoint()
		token, err := config.Exchange(ctx, got, oauth2.VerifierOption(verifier))
		if err != nil {
			return err
		}
		raw, _ := token.Extra("id_token").(string)
		id, err := provider.Verifier(&oidc.Config{ClientID: made.GetClientId()}).Verify(ctx, raw)
		if err != nil || id.Nonce != "n-0S6_WzA2Mj" || id.VerifyAccessToken(token.AccessToken) != nil {
			return fmt.Errorf("ID token: %w", err)
		}
		if info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token)); err != nil || info.Subject != subject {
			return fmt.Errorf("userinfo: %w", err)
		}
		token.Expiry = time.Now().Add(-time.Hour)
		_, err = config.TokenSource(ctx, token).Token()
		return err
	})},
}

func init() {
	operations = append(operations,
		operation{"zitadel/oidc: login and refresh of a client of client_secret_post", zitadel("client_secret_post")},
		operation{"zitadel/oidc: login and introspection by one of client_secret_basic", zitadel("client_secret_basic")})
}

func main() {
	base, key = os.Args[1], os.Args[2]
	admin, nobody = client("Bearer "+key), client("")
	works, fails := []string{}, map[string]string{}
	for _, one := range operations {
		err := one.run()
		if err == nil {
			works = append(works, one.name)
			continue
		}
		fails[one.name] = err.Error()
		var told *hydra.GenericOpenAPIError
		if errors.As(err, &told) {
			fails[one.name] += " " + string(told.Body())
		}
	}
	record := map[string]any{
		"software": "hydra-client-go, go-oidc, zitadel/oidc, x/oauth2 (Go)", "version": "2.2.1, 3.16.0, 3.52.0, 0.38.0",
		"runtime": runtime.Version(), "works": works, "fails": fails,
	}
	text, _ := json.Marshal(record)
	_, _ = io.WriteString(os.Stdout, string(text)+"\n")
}
