package e2e

import (
	"encoding/csv"
	"strings"
	"testing"
)

// TestTwoReplicasInABrowser is the life of a key, each step at the other replica
// than the one before.
func TestTwoReplicasInABrowser(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	b := (&app{t: t, URL: c.URL}).tab()
	b.signIn("admin", password)
	b.comeFrom("replica0")
	id, secret := b.createKey("li.juan")
	b.comeFrom("replica1")
	b.done()
	b.sees(id, "Active")
	b.wantNowhere(secret)

	b.click("Actions for " + id)
	b.comeFrom("replica0")
	b.click("Deactivate")
	b.click("Deactivate")
	b.sees("Access key deactivated")
	b.click("Actions for " + id)
	b.click("Delete")
	b.fill("To confirm deletion, enter the access key ID", id)
	b.comeFrom("replica1")
	b.click("Delete")
	b.sees("Access key deleted")
	// Who created it goes on listing it for a while, since IAM's lists lag behind.
	b.eventually("the end of the key", func() bool {
		b.open(juan)
		return eval[bool](b, `document.body.innerText.includes("Access keys (0)")`)
	})

	b.click("Audit log")
	b.sees(id)
	b.wantNowhere(secret)
	rows, err := csv.NewReader(strings.NewReader(awaited[string](b, `fetch("/audit-log.csv").then(r => r.text())`))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	wrote := map[string][]string{}
	for _, row := range rows[1:] {
		wrote[row[20]] = append(wrote[row[20]], row[8])
	}
	if rows[0][20] != "replica" || len(wrote) != 2 {
		t.Errorf("the journal's rows are of %v", wrote)
	}
}

// comeFrom makes the next answer come from the other replica than the one named,
// which gives this one.
func (b *tab) comeFrom(replica string) {
	b.t.Helper()
	for range 10 {
		if awaited[string](b, `fetch("/healthz").then(r => r.headers.get("X-Replica"))`) == replica {
			return
		}
	}
	b.t.Fatalf("%s gives no answer", replica)
}
