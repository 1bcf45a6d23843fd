package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

type claims struct {
	ID           string `json:"jti"`
	Organization string `json:"sub"`
	Product      string `json:"aud"`
	ExpiresAt    int64  `json:"exp"`
	Entitlements struct {
		Tier      string `json:"tier"`
		MaxNodes  int    `json:"max_nodes"`
		MaxAgents int    `json:"max_agents"`
	} `json:"entitlements"`
}

type revocations struct {
	Product string `json:"aud"`
	Revoked []struct {
		ID string `json:"jti"`
	} `json:"revoked"`
}

func (r *revocations) has(id string) bool {
	for _, one := range r.Revoked {
		if one.ID == id {
			return true
		}
	}
	return false
}

// trustedKeys are by key ID and use.
type trustedKeys map[string]ed25519.PublicKey

func readKeys(path string) (trustedKeys, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct {
			ID  string `json:"kid"`
			Use string `json:"use"`
			X   string `json:"x"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	keys := trustedKeys{}
	for _, key := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(key.X)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("%s: key %s is no Ed25519 key", path, key.ID)
		}
		keys[key.ID+"/"+key.Use] = x
	}
	return keys, nil
}

// open verifies a compact JWS and reads its payload.
func (keys trustedKeys) open(token []byte, use, typ string, payload any) error {
	text := strings.TrimSpace(string(token))
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return errors.New("not a compact JWS")
	}
	var header struct{ Alg, Kid, Typ string }
	if err := decode(parts[0], &header); err != nil {
		return err
	}
	key, known := keys[header.Kid+"/"+use]
	if !known || header.Alg != "EdDSA" || header.Typ != typ {
		return fmt.Errorf("not signed with a trusted key for a %s", typ)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), signature) {
		return errors.New("the signature does not fit")
	}
	return decode(parts[1], payload)
}

func (keys trustedKeys) license(token []byte, now time.Time) (*claims, error) {
	read := &claims{}
	if err := keys.open(token, "license", "license+jwt", read); err != nil {
		return nil, err
	}
	if read.Product != product {
		return nil, errors.New("the license is for another product")
	}
	if now.Unix() >= read.ExpiresAt {
		return nil, errors.New("the license has expired")
	}
	return read, nil
}

func decode(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
