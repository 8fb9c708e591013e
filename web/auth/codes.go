package auth

import (
	"context"
	"crypto/cipher"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"keydesk/web/db"
)

var (
	// ErrBadCode means the verification code is wrong, too old, or was used before.
	ErrBadCode = errors.New("the verification code is not right")
	// ErrNoCodes means the account has no verification codes set up.
	ErrNoCodes = errors.New("no verification codes are set up")
	// ErrCodesOn means codes are in use already; they must be turned off before others
	// can be set up.
	ErrCodesOn = errors.New("verification codes are in use already")
	// ErrCodesUnreadable means the stored secret was sealed with another key.
	ErrCodesUnreadable = errors.New("the verification code's secret cannot be read with this key file")
)

// Codes keeps the verification codes (TOTP, RFC 6238) that local accounts can ask
// for besides the password. It is safe for concurrent use.
type Codes struct {
	db    *db.DB
	seal  cipher.AEAD
	clock func() time.Time
}

// OpenCodes returns the codes kept in d, sealed with the key in the file, which is
// made when it is absent: whoever reads the database, or a backup of it, cannot
// make codes.
func OpenCodes(d *db.DB, keyFile string) (*Codes, error) {
	seal, err := openSeal(keyFile)
	if err != nil {
		return nil, err
	}
	return &Codes{db: d, seal: seal, clock: time.Now}, nil
}

// CodesWithoutKey is for those who only ask whether codes are on, or turn them off: the
// key may be lost, and none must be made.
func CodesWithoutKey(d *db.DB) *Codes { return &Codes{db: d, clock: time.Now} }

// Enabled reports whether the account is asked for a code at sign-in.
func (c *Codes) Enabled(ctx context.Context, accountID string) (bool, error) {
	var n int
	err := c.db.QueryRow(ctx, `SELECT COUNT(*) FROM verification_codes WHERE account_id = ? AND confirmed = 1`, accountID).Scan(&n)
	return n > 0, err
}

// Begin makes a secret and returns it, in base32, this one time. It counts for
// nothing until Confirm. The error is ErrCodesOn or the database's.
func (c *Codes) Begin(ctx context.Context, accountID string) (string, error) {
	secret := newCodeSecret()
	n, err := c.db.Exec(ctx, `INSERT INTO verification_codes (account_id, sealed, created_at) VALUES (?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at, last_step = 0
		WHERE verification_codes.confirmed = 0`, accountID, c.lock(accountID, secret), db.Micros(c.clock()))
	if err != nil {
		return "", fmt.Errorf("begin verification codes: %w", err)
	}
	if n == 0 {
		return "", ErrCodesOn
	}
	return base32Secret.EncodeToString(secret), nil
}

// Confirm turns codes on: a first code proves that the app has the secret, so that
// nobody locks themselves out. Errors are as for Check, and ErrCodesOn.
func (c *Codes) Confirm(ctx context.Context, accountID, typed string, from Client) error {
	on, err := c.Enabled(ctx, accountID)
	if err != nil {
		return err
	}
	if on {
		return ErrCodesOn
	}
	return c.spend(ctx, accountID, typed, from, 0)
}

// Check accepts a code once. It is slowed down as passwords are, and counted apart
// from them. Errors are ErrBadCode, *TooManyAttempts, ErrNoCodes,
// ErrCodesUnreadable and the database's.
func (c *Codes) Check(ctx context.Context, accountID, typed string, from Client) error {
	return c.spend(ctx, accountID, typed, from, 1)
}

// Remove turns codes off. The error is the database's.
func (c *Codes) Remove(ctx context.Context, accountID string) error {
	_, err := c.db.Exec(ctx, `DELETE FROM verification_codes WHERE account_id = ?`, accountID)
	return err
}

func (c *Codes) spend(ctx context.Context, accountID, typed string, from Client, confirmed int) error {
	now := c.clock()
	known, err := knowsDevice(ctx, c.db, accountID, from.Device, now)
	if err != nil {
		return fmt.Errorf("check verification code: %w", err)
	}
	try := codeAttempt(accountID, from, known)
	try.db, try.clock = c.db, c.clock
	if _, err := try.begin(ctx); err != nil {
		return err
	}

	var sealed string
	err = c.db.QueryRow(ctx, `SELECT sealed FROM verification_codes WHERE account_id = ? AND confirmed = ?`,
		accountID, confirmed).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoCodes
	}
	if err != nil {
		return fmt.Errorf("read verification codes: %w", err)
	}
	secret, err := c.unlock(accountID, sealed)
	if err != nil {
		return err
	}
	step, ok := matchStep(secret, strings.Join(strings.Fields(typed), ""), now)
	if !ok {
		return errors.Join(ErrBadCode, try.failed(ctx))
	}
	return c.db.Tx(ctx, func(tx *db.Tx) error {
		// One conditional UPDATE: of two sign-ins with one code, one finds it unused.
		n, err := tx.Exec(ctx, `UPDATE verification_codes SET last_step = ?, confirmed = 1
			WHERE account_id = ? AND sealed = ? AND last_step < ?`, step, accountID, sealed, step)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrBadCode
		}
		return try.succeeded(ctx, tx)
	})
}

// lock binds the secret to its account: moved to another row it does not open.
func (c *Codes) lock(accountID string, secret []byte) string {
	return base64.StdEncoding.EncodeToString(c.seal.Seal(nil, nil, secret, []byte(accountID)))
}

func (c *Codes) unlock(accountID, sealed string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, ErrCodesUnreadable
	}
	secret, err := c.seal.Open(nil, nil, b, []byte(accountID))
	if err != nil {
		return nil, ErrCodesUnreadable
	}
	return secret, nil
}
