package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is what one argon2id hash takes. It is stored with each hash, so raising
// it rehashes people as they sign in.
type cost struct {
	memory uint32 // KiB
	time   uint32
	lanes  uint8
}

// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
var currentCost = cost{memory: 19 * 1024, time: 2, lanes: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

var errBadHash = errors.New("stored password hash is damaged")

// hasher hashes passwords, two at a time.
type hasher struct {
	cost  cost
	queue hashQueue
	idKey func(password, salt []byte, time, memory uint32, lanes uint8, bytes uint32) []byte // argon2.IDKey
	// decoy is compared against when there is no such account, so that the answer
	// for an unknown name takes as long as for a wrong password.
	decoy string
}

func newHasher(c cost) *hasher {
	h := &hasher{cost: c, idKey: argon2.IDKey}
	salt, key := make([]byte, saltBytes), make([]byte, hashBytes)
	rand.Read(salt) // never fails: crypto/rand ends the program instead
	rand.Read(key)
	h.decoy = encode(c, salt, key)
	return h
}

// hash returns the password's hash in the PHC string format. It is for people who
// are signed in, and goes first. Errors are ErrBusy and the context's.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	key, err := h.derive(ctx, password, salt, h.cost, true)
	if err != nil {
		return "", err
	}
	return encode(h.cost, salt, key), nil
}

// matches compares a password with a stored hash; stale is true when the hash was
// made at another cost than today's. known clients go first. Errors are as for hash,
// and errBadHash.
func (h *hasher) matches(ctx context.Context, password, stored string, known bool) (match, stale bool, err error) {
	c, salt, want, err := decode(stored)
	if err != nil {
		return false, false, err
	}
	got, err := h.derive(ctx, password, salt, c, known)
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, c != h.cost, nil
}

func (h *hasher) derive(ctx context.Context, password string, salt []byte, c cost, known bool) ([]byte, error) {
	if err := h.queue.enter(ctx, known); err != nil {
		return nil, err
	}
	defer h.queue.leave()
	return h.idKey([]byte(password), salt, c.time, c.memory, c.lanes, hashBytes), nil
}

// encode writes the PHC string format: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func encode(c cost, salt, key []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		c.memory, c.time, c.lanes, b.EncodeToString(salt), b.EncodeToString(key))
}

// decode is strict: a hash that parses halfway could compare equal to anything.
func decode(s string) (c cost, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return cost{}, nil, nil, errBadHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.lanes); err != nil {
		return cost{}, nil, nil, errBadHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || c.time == 0 || c.lanes == 0 || len(key) != hashBytes {
		return cost{}, nil, nil, errBadHash
	}
	// The round trip refuses other versions, trailing text and odd spellings.
	if encode(c, salt, key) != s {
		return cost{}, nil, nil, errBadHash
	}
	return c, salt, key, nil
}
