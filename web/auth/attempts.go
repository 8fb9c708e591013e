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

// TooManyAttempts means that attempts like this one have failed too often and that
// the client must wait. Nothing was checked: the password may have been right.
type TooManyAttempts struct {
	// RetryAfter is how long to wait, whole seconds, at least one, at most a minute.
	RetryAfter time.Duration
}

func (e *TooManyAttempts) Error() string {
	return fmt.Sprintf("too many sign-in attempts, wait %s", e.RetryAfter)
}

// Client is where an attempt comes from. It decides which counter the attempt
// belongs to, so that a stranger's failures never count against the owner's
// session, the owner's device or another address.
type Client struct {
	Address string // with or without a port
	Device  string // what the browser's device cookie holds; "" without one
	Session string // the handle of the session that is confirmed again; "" at sign-in
}

// counter is a kind of count, and how many failures of it are free.
type counter struct {
	kind string
	free int64
}

var (
	sessionCounter = counter{"session", 5}
	deviceCounter  = counter{"device", 5}
	pairCounter    = counter{"name and address", 5}
	// An address may be an office's, so it is given more than one person's slips.
	addressCounter = counter{"address", 20}
	// nameCounter refuses nothing: a stranger could keep a person out with it. Beyond
	// the free failures, from wherever they came, an attempt is only slower.
	nameCounter = counter{"name", 20}
	// codeCounter refuses, because only someone who knows the password gets to guess
	// codes. Without it they could guess from as many addresses as they have.
	codeCounter = counter{"code", 30}
)

const (
	longestWait  = time.Minute
	longestDelay = 2 * time.Second
	// forgetAfter is how long failures count.
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

// delay is how much slower an attempt gets after so many failures.
func (c counter) delay(failures int64) time.Duration {
	if failures < c.free {
		return 0
	}
	return min(time.Duration(failures-c.free+1)*100*time.Millisecond, longestDelay)
}

// tally is the count of one subject.
type tally struct {
	counter
	subject string
}

// read returns how many failures count, and when the last one was.
func (t tally) read(ctx context.Context, tx *db.Tx) (failures int64, last time.Time, err error) {
	var micros int64
	err = tx.QueryRow(ctx, `SELECT failures, last_at FROM sign_in_attempts WHERE kind = ? AND subject = ?`,
		t.kind, digest(t.subject)).Scan(&failures, &micros)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	return failures, db.Time(micros), err
}

// left is how long the subject still has to wait.
func (t tally) left(ctx context.Context, tx *db.Tx, now time.Time) (time.Duration, error) {
	failures, last, err := t.read(ctx, tx)
	return t.wait(failures) - now.Sub(last), err
}

func (t tally) add(ctx context.Context, tx *db.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO sign_in_attempts (kind, subject, failures, last_at) VALUES (?, ?, 1, ?)
		ON CONFLICT (kind, subject) DO UPDATE
		SET failures = sign_in_attempts.failures + 1, last_at = excluded.last_at`,
		t.kind, digest(t.subject), db.Micros(now))
	return err
}

func (t tally) clear(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM sign_in_attempts WHERE kind = ? AND subject = ?`, t.kind, digest(t.subject))
	return err
}

// attempt is one try at a password or a code, as it is counted.
type attempt struct {
	db    *db.DB
	clock func() time.Time

	// own counts the attempt as failed before it is checked. Otherwise a thousand
	// parallel guesses would all pass before the first failure is counted.
	own tally
	// shared count it once it has failed: forty people who sign in at once in one
	// office are forty attempts under way and no failure. The queue of the hasher
	// bounds how many guesses slip through in parallel.
	shared []tally
	// known attempts come from a session or device of the account itself. They go
	// first where people wait.
	known bool
}

// passwordAttempt is a try at the password of the name.
func passwordAttempt(name string, from Client, known bool) attempt {
	switch {
	case from.Session != "":
		return attempt{own: tally{sessionCounter, "password\n" + from.Session}, known: true}
	case known:
		return attempt{own: tally{deviceCounter, "password\n" + name + "\n" + from.Device}, known: true}
	}
	address := network(from.Address)

	return attempt{
		own:    tally{pairCounter, "password\n" + name + "\n" + address},
		shared: []tally{{nameCounter, name}, {addressCounter, address}},
	}
}

// codeAttempt is a try at the verification code of the account.
func codeAttempt(accountID string, from Client, known bool) attempt {
	switch {
	case from.Session != "":
		return attempt{own: tally{sessionCounter, "code\n" + from.Session}, known: true}
	case known:
		return attempt{own: tally{deviceCounter, "code\n" + accountID + "\n" + from.Device}, known: true}
	}
	address := network(from.Address)

	return attempt{
		own:    tally{pairCounter, "code\n" + accountID + "\n" + address},
		shared: []tally{{codeCounter, accountID}, {addressCounter, address}},
	}
}

// begin counts the attempt, or answers *TooManyAttempts and counts nothing. slower
// is how long to wait before it is checked.
func (a attempt) begin(ctx context.Context) (slower time.Duration, err error) {
	var left time.Duration

	err = a.db.Tx(ctx, func(tx *db.Tx) error {
		// The time is read here: a transaction waits for other writers, whose times
		// would otherwise lie in this one's future.
		now := a.clock()
		if err := tidyAttempts(ctx, tx, now); err != nil {
			return err
		}
		left, slower, err = a.standing(ctx, tx, now)
		if err != nil || left > 0 {
			return err
		}
		return a.own.add(ctx, tx, now)
	})
	if err == nil && left > 0 {
		err = &TooManyAttempts{RetryAfter: (left + time.Second - 1).Truncate(time.Second)}
	}
	return slower, err
}

// standing is what the counters say: how long the attempt must stay away, and how
// much slower it gets.
func (a attempt) standing(ctx context.Context, tx *db.Tx, now time.Time) (left, slower time.Duration, err error) {
	for _, t := range append(a.shared, a.own) {
		if t.counter == nameCounter {
			failures, _, err := t.read(ctx, tx)
			if err != nil {
				return 0, 0, err
			}
			slower = t.delay(failures)
			continue
		}
		wait, err := t.left(ctx, tx, now)
		if err != nil {
			return 0, 0, err
		}
		left = max(left, wait)
	}
	return left, slower, nil
}

// failed counts the failure where it is shared.
func (a attempt) failed(ctx context.Context) error {
	if len(a.shared) == 0 {
		return nil
	}
	return a.db.Tx(ctx, func(tx *db.Tx) error {
		now := a.clock()
		for _, t := range a.shared {
			if err := t.add(ctx, tx, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// succeeded starts the attempt's own count afresh. The shared counts stay, or one
// good account would buy an attacker endless guesses at the others.
func (a attempt) succeeded(ctx context.Context, tx *db.Tx) error { return a.own.clear(ctx, tx) }

// withdraw takes the attempt back: nothing was checked. It outlives the client, who
// may have hung up.
func (a attempt) withdraw(ctx context.Context) error {
	_, err := a.db.Exec(context.WithoutCancel(ctx), `UPDATE sign_in_attempts SET failures = failures - 1
		WHERE kind = ? AND subject = ? AND failures > 0`, a.own.kind, digest(a.own.subject))
	return err
}

// tidyAttempts forgets old failures. A failure in the future was counted before the
// clock was set back: it counts from now on, or everybody would wait until the
// clock has caught up.
func tidyAttempts(ctx context.Context, tx *db.Tx, now time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sign_in_attempts WHERE last_at <= ?`,
		db.Micros(now.Add(-forgetAfter))); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE sign_in_attempts SET last_at = ? WHERE last_at > ?`, db.Micros(now), db.Micros(now))
	return err
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
