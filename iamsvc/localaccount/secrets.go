package localaccount

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// masterKey is the one secret that is stored. Every access key's secret is derived from it and the key's ID, so
// neither the account's log nor a copy of it holds a credential.
type masterKey []byte

// loadMasterKey reads the key, or makes one when the account is new. An account without its key is refused: a fresh
// key would silently change the secret of every access key that people hold.
func loadMasterKey(path string, accountIsNew bool) (masterKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && accountIsNew {
		return createMasterKey(path)
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != sha256.Size {
		return nil, fmt.Errorf("%s: %w: not a master key", path, ErrDamaged)
	}
	return key, nil
}

func createMasterKey(path string) (masterKey, error) {
	key := make(masterKey, sha256.Size)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	file, err := replaceFile(path, []byte(hex.EncodeToString(key)+"\n"))
	if err != nil {
		return nil, err
	}
	return key, file.Close()
}

// derive gives the bytes that belong to a purpose and a name; purposes keep a secret from doubling as a token.
func (m masterKey) derive(purpose, name string) []byte {
	h := hmac.New(sha256.New, m)
	_, _ = io.WriteString(h, purpose+"\x00"+name) // a hash accepts everything
	return h.Sum(nil)
}

// secret is the secret access key of an access key ID: 40 characters of the base64 alphabet, as AWS's are.
func (m masterKey) secret(accessKeyID string) string {
	return base64.StdEncoding.EncodeToString(m.derive("secret", accessKeyID))[:40]
}

// idAlphabet is what AWS's identifiers are spelled in: base32, A-Z and 2-7.
var idAlphabet = base32.StdEncoding.WithPadding(base32.NoPadding)

// newKeyID makes an access key ID of 20 characters which, like AWS's, carries its account number: the 48 bits after
// the prefix are a set bit, 40 bits of account and 7 bits of the random rest.
func newKeyID(prefix, account string, random io.Reader) (string, error) {
	number, err := strconv.ParseUint(account, 10, 40)
	if err != nil {
		return "", err
	}
	var r [5]byte
	if _, err := io.ReadFull(random, r[:]); err != nil {
		return "", err
	}
	var b [10]byte
	binary.BigEndian.PutUint64(b[:8], 1<<63|number<<23|uint64(r[0]&0x7f)<<16|uint64(r[1])<<8|uint64(r[2]))
	copy(b[8:], r[3:])
	return prefix + idAlphabet.EncodeToString(b[:]), nil
}

// accountOfKey reads the account number out of an access key ID. IDs from before 2019 do not carry one; their first
// character after the prefix gives them away.
func accountOfKey(id string) (account string, ok bool) {
	if len(id) < 14 {
		return "", false
	}
	raw, err := idAlphabet.DecodeString(id[4:14] + "AAAAAA")
	if err != nil || raw[0]&0x80 == 0 {
		return "", false
	}
	number := binary.BigEndian.Uint64(raw[:8]) >> 23 & (1<<40 - 1)
	return fmt.Sprintf("%012d", number), true
}

// newEntityID makes an ID such as AIDA and 17 characters; they name a user for ever, whatever becomes of its name.
func newEntityID(prefix string, random io.Reader) (string, error) {
	var b [11]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return prefix + idAlphabet.EncodeToString(b[:])[:17], nil
}
