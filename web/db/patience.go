package db

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// limit sets the limits that the URL leaves open.
func limit(config *pgx.ConnConfig) error {
	for setting, value := range postgresLimits {
		if _, given := config.RuntimeParams[setting]; !given {
			config.RuntimeParams[setting] = value
		}
	}
	return limitWaiting(config)
}

// limitWaiting gives up a server that has not answered when it should itself have
// given up the statement for half as long again. A frozen server, or one behind a
// broken network, would else hold every page for as long as TCP hopes.
func limitWaiting(config *pgx.ConnConfig) error {
	ms, err := strconv.ParseUint(config.RuntimeParams["statement_timeout"], 10, 31)
	if err != nil {
		return fmt.Errorf("%w: statement_timeout is a number of milliseconds", ErrURL)
	}
	if ms == 0 { // PostgreSQL's word for no limit
		return nil
	}
	patience := time.Duration(ms) * time.Millisecond * 3 / 2
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return impatient{conn, patience}, nil
	}
	return nil
}

// impatient is a connection whose reads end in time. The driver reads only when it
// has asked something.
type impatient struct {
	net.Conn
	patience time.Duration
}

func (c impatient) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}
