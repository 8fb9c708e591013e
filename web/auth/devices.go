package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"keydesk/web/db"
)

// DeviceLife is how long a browser is known after its last good sign-in.
const DeviceLife = 180 * 24 * time.Hour

// mostDevices bounds the rows of one account.
const mostDevices = 20

// RememberDevice makes the client's browser a known device of the account, and
// returns what its device cookie shall hold from now on: 256 random bits, new at
// every sign-in, so that a value that a stranger planted or read is soon worth
// nothing. It opens nothing; it only gives the browser a counter of its own. before
// is what the cookie held; other accounts that know that value follow the browser.
func (l *LocalAccounts) RememberDevice(ctx context.Context, accountID, before string) (string, error) {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	value, now := base64.RawURLEncoding.EncodeToString(b), l.now()

	err := l.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM known_devices WHERE seen_at < ? OR account_id = ? AND device_hash = ?`,
			db.Micros(now.Add(-DeviceLife)), accountID, digest(before)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE known_devices SET device_hash = ? WHERE device_hash = ?`,
			digest(value), digest(before)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO known_devices (device_hash, account_id, seen_at) VALUES (?, ?, ?)`,
			digest(value), accountID, db.Micros(now)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM known_devices WHERE account_id = ? AND device_hash NOT IN
			(SELECT device_hash FROM known_devices WHERE account_id = ? ORDER BY seen_at DESC, device_hash LIMIT ?)`,
			accountID, accountID, mostDevices)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("remember device: %w", err)
	}
	return value, nil
}

// knowsDevice reports whether the account was signed in to from the device.
func knowsDevice(ctx context.Context, d *db.DB, accountID, device string, now time.Time) (bool, error) {
	if device == "" {
		return false, nil
	}
	var n int
	err := d.QueryRow(ctx, `SELECT COUNT(*) FROM known_devices
		WHERE account_id = ? AND device_hash = ? AND seen_at >= ?`,
		accountID, digest(device), db.Micros(now.Add(-DeviceLife))).Scan(&n)
	return n > 0, err
}

// forgetDevices is for a password that was replaced: whoever knew the old one may
// have signed in from a device of theirs.
func forgetDevices(ctx context.Context, tx *db.Tx, accountID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM known_devices WHERE account_id = ?`, accountID)
	return err
}
