package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

var (
	// ErrKeyFile means the key file is unusable: readable by others, of the wrong
	// length, or unreadable.
	ErrKeyFile = errors.New("the audit journal's key file cannot be used")
	// ErrKeyMissing means there is a journal but no key for it. A new key would make
	// the whole journal unverifiable, so none is made.
	ErrKeyMissing = errors.New("the audit journal's key file is missing")
	// ErrNoJournal means there is neither a journal nor a key.
	ErrNoJournal = errors.New("there is no audit journal")
)

const (
	keyBytes = 32
	maxKeys  = 64
)

// readKeys returns the keys in the file, the newest last; fs.ErrNotExist when there is
// none yet.
func readKeys(path string) (keys [][]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	// A group may read (that is how orchestrators mount secrets), nobody else, and
	// no one but the owner may replace it.
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o; others must have no access to it (chmod 600)", ErrKeyFile, path, mode)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxKeys*keyBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	if len(content) == 0 || len(content)%keyBytes != 0 {
		return nil, fmt.Errorf("%w: %s must hold %d bytes, or a multiple after the key was changed", ErrKeyFile, path, keyBytes)
	}
	return slices.Collect(slices.Chunk(content, keyBytes)), nil
}

func createKey(path string) ([][]byte, error) {
	key := make([]byte, keyBytes)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	if err := replace(path, key, true); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	return [][]byte{key}, nil
}

// note is the checkpoint file: the last row this program wrote. It is sealed, or an
// attacker without the key could move it back to the row he cuts the journal at.
type note struct {
	link
	MAC string `json:"mac"`
}

func sealNote(key []byte, l link) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(appendText(appendText(nil, "keydesk checkpoint 1"), strconv.FormatInt(l.Seq, 10)+" "+l.Hash))
	return hex.EncodeToString(mac.Sum(nil))
}

// readNote returns found false when there is no file, or an empty one: what a power
// loss may leave, since the file is not fsynced on every append.
func readNote(key []byte, path string) (l link, found bool, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(b) == 0 {
		return link{}, false, nil
	}
	if err != nil {
		return link{}, false, fmt.Errorf("read checkpoint: %w", err)
	}
	var n note
	if json.Unmarshal(b, &n) != nil || !hmac.Equal([]byte(n.MAC), []byte(sealNote(key, n.link))) {
		return link{}, true, &ChainError{Why: "the checkpoint file " + path + " was changed, or belongs to another journal"}
	}
	return n.link, true, nil
}

func writeNote(key []byte, path string, l link) error {
	b, err := json.Marshal(note{l, sealNote(key, l)})
	if err != nil {
		return err
	}
	return replace(path, b, false)
}

// replace writes a private file so that a reader, or a crash, meets the old content
// or the new, never half of it. With sync the new one also survives a power loss.
func replace(path string, content []byte, sync bool) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".keydesk-*") // mode 0600
	if err != nil {
		return err
	}
	// After the rename there is nothing left to remove.
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(content)
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil || !sync {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a new file's name survive a power loss, as Sync does its content.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
