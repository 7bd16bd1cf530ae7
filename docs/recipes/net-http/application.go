// A net/http application that believes the gateway's assertion, and nothing else.
//
//	PUBLIC_URL=https://app.example.com PORT=3000 go run .
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/MicahParks/keyfunc/v2"
	"github.com/golang-jwt/jwt/v5"
)

// Person is what an assertion says of somebody.
type Person struct {
	Name string `json:"name"`
	jwt.RegisteredClaims
}

type personKey struct{}

// onlyThroughTheGateway answers 401 to whatever did not come through the gateway.
func onlyThroughTheGateway(gateway string, next http.Handler) http.Handler {
	// Asked every five minutes, and for a key that it does not know, twice a minute at most.
	keys, err := keyfunc.Get(gateway+"/.gateway/jwks.json", keyfunc.Options{
		RefreshInterval:             5 * time.Minute,
		RefreshUnknownKID:           true,
		RefreshRateLimit:            30 * time.Second,
		RefreshTimeout:              5 * time.Second,
		TolerateInitialJWKHTTPError: true, // the gateway may start later
	})
	if err != nil {
		log.Fatal(err)
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"ES256"}),
		jwt.WithIssuer(gateway),
		jwt.WithAudience(gateway),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(5*time.Second),
	)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		person := &Person{}
		_, err := parser.ParseWithClaims(r.Header.Get("X-Gateway-Assertion"), person, keys.Keyfunc)
		if err != nil || person.Subject == "" {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), personKey{}, person)))
	})
}

func hello(w http.ResponseWriter, r *http.Request) {
	person := r.Context().Value(personKey{}).(*Person)
	name := person.Name
	if name == "" {
		name = "stranger"
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"hello": name, "user": person.Subject})
}

func main() {
	address := "127.0.0.1:" + os.Getenv("PORT")
	log.Fatal(http.ListenAndServe(address, onlyThroughTheGateway(os.Getenv("PUBLIC_URL"), http.HandlerFunc(hello))))
}
