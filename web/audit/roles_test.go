package audit

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"keydesk/web/db/dbtest"
)

// The set-up of docs/operations.md: the role that Keydesk runs as adds rows, and cuts the
// journal or seals rows only where it was given the right to delete.
func TestCutByARoleOfItsOwn(t *testing.T) {
	t.Parallel()
	owner := dbtest.PostgreSQL(t)
	u, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	role := strings.Trim(u.Path, "/") + "_app"
	conn, err := pgx.Connect(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	exec := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	exec(`CREATE ROLE ` + role + ` LOGIN`)
	exec(`ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ` + role)
	openDB(t, owner) // makes the tables
	u.User = url.User(role)
	d := aged(t, u.String())
	leak := d.append(t, Event{Action: "LookUp", AccessKeyID: pastedID + pastedSecret})

	_, err = d.Cut(t.Context(), time.Now().AddDate(0, 0, -30), keys)
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a cut without the right to delete: %v", err)
	}
	if rows := d.verified(t); rows != 24 {
		t.Errorf("%d rows are left after the cut that failed", rows)
	}
	if _, err := d.SealRows(t.Context(), []int64{leak}, operator); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a row sealed without the right to delete: %v", err)
	}
	exec(`GRANT DELETE ON journal TO ` + role)
	d.sealRows(t, leak)
	d.cut(t, 16)
	if _, err := d.db.Exec(t.Context(), `DELETE FROM journal WHERE seq = 21`); err == nil || !strings.Contains(err.Error(), "rows of the journal are not") {
		t.Errorf("a row outside of a cut: %v", err)
	}
	d.verified(t)
}
