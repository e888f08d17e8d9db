// Reads the corpus with encoding/json and the models of ory/hydra-client-go/v2, as its own client does, and says what
// the models ask for.
//
// usage: go run ./models CORPUS.json
// Prints one JSON record; see ../README.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"time"

	hydra "github.com/ory/hydra-client-go/v2"
)

var kinds = map[string]any{
	"client":          hydra.OAuth2Client{},
	"clients":         []hydra.OAuth2Client{},
	"consentRequest":  hydra.OAuth2ConsentRequest{},
	"consentSessions": []hydra.OAuth2ConsentSession{},
	"discovery":       hydra.OidcConfiguration{},
	"error":           hydra.ErrorOAuth2{},
	"health":          hydra.HealthStatus{},
	"introspection":   hydra.IntrospectedOAuth2Token{},
	"jsonWebKey":      hydra.JsonWebKey{},
	"jsonWebKeySet":   hydra.JsonWebKeySet{},
	"loginRequest":    hydra.OAuth2LoginRequest{},
	"logoutRequest":   hydra.OAuth2LogoutRequest{},
	"redirectTo":      hydra.OAuth2RedirectTo{},
	"registration":    hydra.OAuth2Client{},
	"token":           hydra.OAuth2TokenExchange{},
	"trustedIssuer":   hydra.TrustedOAuth2JwtGrantIssuer{},
	"trustedIssuers":  []hydra.TrustedOAuth2JwtGrantIssuer{},
	"userinfo":        hydra.OidcUserInfo{},
	"version":         hydra.Version{},
}

var missing = regexp.MustCompile(`no value given for required property (\w+)`)
var unmarshaler = reflect.TypeOf((*json.Unmarshaler)(nil)).Elem()
var moment = reflect.TypeOf(time.Time{})
var models = map[string]string{}

// describe writes down a model once: `member!: type` where the member is required.
func describe(t reflect.Type) string {
	switch {
	case t == moment:
		return "time"
	case t.Kind() == reflect.Pointer:
		return strings.TrimSuffix(describe(t.Elem()), "?") + "?"
	case t.Kind() == reflect.Slice:
		return "[" + describe(t.Elem()) + "]?"
	case t.Kind() == reflect.Map:
		return "{" + describe(t.Elem()) + "}?"
	case t.Kind() == reflect.Interface:
		return "any"
	case t.Kind() == reflect.Struct:
		return describeStruct(t)
	}
	return map[reflect.Kind]string{reflect.String: "str", reflect.Int64: "int", reflect.Bool: "bool"}[t.Kind()]
}

func describeStruct(t reflect.Type) string {
	if _, known := models[t.Name()]; known {
		return t.Name()
	}
	models[t.Name()] = ""
	required := requiredOf(t)
	members := []string{}
	for i := range t.NumField() {
		field := t.Field(i)
		name := strings.Split(field.Tag.Get("json"), ",")[0]
		if name == "" || name == "-" {
			continue
		}
		mark := ""
		if required[name] {
			mark = "!"
		}
		members = append(members, fmt.Sprintf("%s%s %s", name, mark, describe(field.Type)))
	}
	models[t.Name()] = strings.Join(append(members, "*"), "; ")
	return t.Name()
}

// requiredOf finds the required members by giving one more at each try.
func requiredOf(t reflect.Type) map[string]bool {
	given := map[string]any{}
	found := map[string]bool{}
	for reflect.PointerTo(t).Implements(unmarshaler) {
		text, _ := json.Marshal(given)
		match := missing.FindStringSubmatch(fmt.Sprint(json.Unmarshal(text, reflect.New(t).Interface())))
		if match == nil {
			break
		}
		given[match[1]] = nil
		found[match[1]] = true
	}
	return found
}

func member(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		parts := strings.Split(wrong.Field, ".")
		return parts[len(parts)-1]
	}
	if match := missing.FindStringSubmatch(err.Error()); match != nil {
		return match[1]
	}
	return ""
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var corpus []struct{ Name, Kind, Text string }
	if err := json.Unmarshal(text, &corpus); err != nil {
		panic(err)
	}
	accepted, refused, why, names := []string{}, map[string]string{}, map[string]string{}, map[string]string{}
	order := []string{}
	for kind := range kinds {
		order = append(order, kind)
	}
	sort.Strings(order)
	for _, kind := range order {
		names[kind] = strings.TrimSuffix(describe(reflect.TypeOf(kinds[kind])), "?")
	}
	for _, document := range corpus {
		model, read := kinds[document.Kind]
		if !read {
			continue
		}
		if err := json.Unmarshal([]byte(document.Text), reflect.New(reflect.TypeOf(model)).Interface()); err != nil {
			refused[document.Name] = member(err)
			why[document.Name] = err.Error()
		} else {
			accepted = append(accepted, document.Name)
		}
	}
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == "github.com/ory/hydra-client-go/v2" {
				version = strings.TrimPrefix(dependency.Version, "v")
			}
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"software": "hydra-client-go (Go)", "version": version, "runtime": runtime.Version(), "style": "go",
		"kinds": names, "models": models, "accepted": accepted, "refused": refused, "why": why,
	})
}
