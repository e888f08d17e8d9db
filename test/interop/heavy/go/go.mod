module ladon.example/heavy

go 1.26

require github.com/ory/hydra-client-go/v2 v2.2.1

require golang.org/x/oauth2 v0.28.0 // indirect
