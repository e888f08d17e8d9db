module ladon.example/heavy

go 1.26

require (
	github.com/coreos/go-oidc/v3 v3.16.0
	github.com/ory/hydra-client-go/v2 v2.2.1
	golang.org/x/oauth2 v0.28.0
)

require github.com/go-jose/go-jose/v4 v4.1.3 // indirect
