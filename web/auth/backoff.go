package auth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"keydesk/web/db"
)

// TooManyAttempts means the name or the address has failed too often and must
// wait. Nothing was checked: the password may have been right.
type TooManyAttempts struct {
	// RetryAfter is how long to wait, whole seconds, at least one.
	RetryAfter time.Duration
}

func (e *TooManyAttempts) Error() string {
	return fmt.Sprintf("too many sign-in attempts, wait %s", e.RetryAfter)
}

// What is counted, and how many failures are free. An address may be an office's,
// so it is given more than one person's slips.
type counter struct {
	kind string
	free int64
}

var (
	nameCounter    = counter{"name", 5}
	addressCounter = counter{"address", 20}
)

const (
	longestWait = time.Minute
	// forgetAfter is how long failures count. There is no lock-out: an attacker
	// could use one to keep a person out.
	forgetAfter = 15 * time.Minute
)

// wait is how long to stay away after so many failures: 1 s when the free ones
// are used up, then doubling to a minute.
func (c counter) wait(failures int64) time.Duration {
	if failures < c.free {
		return 0
	}
	return min(time.Second<<min(failures-c.free, 6), longestWait)
}

// claim counts an attempt as failed before its password is checked; otherwise a
// thousand parallel guesses would all pass before the first failure is counted.
func (c counter) claim(ctx context.Context, tx *db.Tx, subject string, now time.Time) error {
	subject = digest(subject)
	var failures, last int64
	err := tx.QueryRow(ctx, `SELECT failures, last_at FROM sign_in_attempts WHERE kind = ? AND subject = ?`,
		c.kind, subject).Scan(&failures, &last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	since := now.Sub(db.Time(last))
	if since >= forgetAfter {
		failures = 0
	}
	if left := c.wait(failures) - since; left > 0 {
		return &TooManyAttempts{RetryAfter: (left + time.Second - 1).Truncate(time.Second)}
	}
	_, err = tx.Exec(ctx, `INSERT INTO sign_in_attempts (kind, subject, failures, last_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (kind, subject) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at`,
		c.kind, subject, failures+1, db.Micros(now))
	return err
}

// claimBoth counts the attempt for name and address, or for neither.
func claimBoth(ctx context.Context, d *db.DB, name, address string, now time.Time) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM sign_in_attempts WHERE last_at < ?`,
			db.Micros(now.Add(-forgetAfter))); err != nil {
			return err
		}
		if err := nameCounter.claim(ctx, tx, name, now); err != nil {
			return err
		}
		return addressCounter.claim(ctx, tx, address, now)
	})
}

// forgive undoes the claims of a successful attempt. The name starts afresh; the
// address gets back only this attempt, or one good account would buy an attacker
// endless guesses at the others.
func forgive(ctx context.Context, tx *db.Tx, name, address string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sign_in_attempts WHERE kind = ? AND subject = ?`,
		nameCounter.kind, digest(name)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE sign_in_attempts SET failures = failures - 1
		WHERE kind = ? AND subject = ? AND failures > 0`, addressCounter.kind, digest(address))
	return err
}

// network is what an address counts as: itself, or its /64 in IPv6, which is what
// one household or host is given whole.
func network(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		port, err := netip.ParseAddrPort(addr)
		if err != nil {
			return addr
		}
		ip = port.Addr()
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}

// digest keeps what was typed into the name field, at times a password, out of
// the database.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
