package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrKeyFile means the key file of the verification codes cannot be used.
var ErrKeyFile = errors.New("the key file of the verification codes cannot be used")

const keyBytes = 32 // AES-256

// openSeal returns AES-256-GCM, which puts a random nonce before each text, with the
// key in the file.
func openSeal(path string) (cipher.AEAD, error) {
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = createKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// SignInKey is the key of the cookies of sign-ins at the identity provider. It comes from
// the same file, which all replicas share, and tells nothing about the file's key.
func SignInKey(path string) ([]byte, error) {
	key, err := readKey(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	return hkdf.Key(sha256.New, key, nil, "keydesk sign-in at the identity provider", 64)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// A group may read (that is how orchestrators mount secrets), nobody else.
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return nil, fmt.Errorf("%s has mode %04o; others must have no access to it (chmod 600)", path, mode)
	}
	key, err := os.ReadFile(path)
	if err == nil && len(key) != keyBytes {
		err = fmt.Errorf("%s must hold %d bytes", path, keyBytes)
	}
	return key, err
}

// createKey fails when the file has appeared meanwhile: two Keydesks that start at
// once must not end up with two keys.
func createKey(path string) (key []byte, err error) {
	key = make([]byte, keyBytes)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(key); err != nil {
		return nil, err
	}
	return key, f.Sync()
}
