package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"keydesk/web/db"
)

// ChainError names the first row that is not what was written.
type ChainError struct {
	// Seq is the row; for missing rows the first one missing; 0 when the damage is in
	// the checkpoint file.
	Seq int64
	// Why is a sentence for an operator.
	Why string
}

func (e *ChainError) Error() string {
	if e.Seq == 0 {
		return "the audit journal was tampered with: " + e.Why
	}
	return fmt.Sprintf("the audit journal was tampered with at row %d: %s", e.Seq, e.Why)
}

const (
	// domain separates this use of the key from any other, and versions the form.
	domain = "keydesk journal 1"
	// ActionGenesis is the action of the first row, written when the journal is made:
	// no journal is empty, so an emptied one shows.
	ActionGenesis = "OpenJournal"
)

// seal returns the hash of e, which must be clean, following the row with the hash
// previous.
func seal(key []byte, previous string, e Event) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(canonical(previous, e))
	return hex.EncodeToString(mac.Sum(nil))
}

// canonical encodes what is hashed: every text with its length before it and every
// number in eight bytes, so that no two different events are encoded alike.
func canonical(previous string, e Event) []byte {
	b := appendText(nil, domain)
	b = appendText(b, previous)
	for _, n := range []int64{e.Seq, db.Micros(e.Time), e.Attempt} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = appendText(b, string(e.Phase))
	for _, s := range e.texts() {
		b = appendText(b, *s)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

// link is a position in the chain: a row and its hash. The zero link is before the
// first row.
type link struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// follow checks that e is the row after the link and returns its own link.
func (l link) follow(key []byte, e Event) (link, error) {
	switch {
	case e.Seq > l.Seq+1:
		return l, &ChainError{l.Seq + 1, "the row is missing"}
	case e.Seq != l.Seq+1:
		return l, &ChainError{e.Seq, "the row is out of order"}
	case !hmac.Equal([]byte(e.Hash), []byte(seal(key, l.Hash, e))):
		return l, &ChainError{e.Seq, "the row does not match its hash; it was changed, replaced or inserted, or this is another journal's key"}
	}
	return link{e.Seq, e.Hash}, nil
}
