package handlers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/views"
	"keydesk/web/auth"
)

// answerLife is how old an answer may be that anything is said to be unused by.
const answerLife = 4 * time.Hour

// noJournal is the other side of a boundary that this test is not about.
type noJournal struct{}

func (noJournal) Attempt(context.Context, iamsvc.Change) (int64, error)              { return 1, nil }
func (noJournal) Outcome(context.Context, int64, iamsvc.Change, iamsvc.Result) error { return nil }

// keptData outlives a restart.
type keptData struct {
	mu   sync.Mutex
	data []byte
}

func (k *keptData) Load(context.Context, string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data, nil
}

func (k *keptData) Save(_ context.Context, _ string, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.data = data
	return nil
}

// world is an account, what uses it, and Keydesk.
type world struct {
	t       *testing.T
	ctx     context.Context
	random  *rand.Rand
	server  *localaccount.Account
	witness *witness
	kept    *keptData
	keydesk *iamsvc.Account
	other   *iamsvc.Account          // somebody with the AWS CLI
	secrets map[string]iamsvc.Secret // by key ID
	said    map[string]int           // claims that were made, so that a test of none is noticed
	history []string
	began   time.Time     // of the question that is being answered
	every   time.Duration // Keydesk reads by itself
	stop    func()
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{t: t, random: rand.New(rand.NewPCG(seed, seed)), kept: &keptData{},
		secrets: map[string]iamsvc.Secret{}, said: map[string]int{}, every: []time.Duration{15 * time.Minute, 1000 * time.Hour}[seed%2]}
	w.ctx = iamsvc.WithActor(t.Context(), iamsvc.Actor{Issuer: "local", Subject: "1", Name: "ada", Role: "administrator", May: func(iamsvc.Action) bool { return true }})
	server, err := localaccount.Open(t.TempDir(), localaccount.Options{Users: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	server.Trouble().SetReportTime(1)
	server.Trouble().SetLastUsedLag(1)
	w.server, w.witness = server, newWitness(server.Client())
	w.start()
	w.other = w.open(server.Client(), nil)
	for range 5 {
		w.create(w.other)
	}
	return w
}

func (w *world) open(client aws.HTTPClient, kept iamsvc.Shelf) *iamsvc.Account {
	w.t.Helper()
	id, secret := w.server.Credentials()
	return w.openAs(client, kept, id, secret)
}

func (w *world) openAs(client aws.HTTPClient, kept iamsvc.Shelf, id, secret string) *iamsvc.Account {
	w.t.Helper()
	a, err := iamsvc.Open(w.ctx, iamsvc.Config{
		AWS:     aws.Config{HTTPClient: client, Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")},
		Journal: noJournal{}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Shelf: kept,
		RefreshEvery: w.every,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// start opens Keydesk.
func (w *world) start() {
	w.keydesk = w.open(w.witness, w.kept)
	ctx, stop := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.keydesk.Run(ctx)
	}()
	w.stop = func() {
		stop()
		<-done
	}
}

func (w *world) restart(after time.Duration) {
	w.stop()
	time.Sleep(after)
	w.start()
}

func (w *world) users() []string {
	return []string{"mateo.jackson", "dev-sandbox-bot", "svc-git-mirror"}
}

func (w *world) pick(names []string) string { return names[w.random.IntN(len(names))] }

// create makes a key, now and then two within a second, which reports can't tell apart.
func (w *world) create(by *iamsvc.Account) {
	name := w.pick(w.users())
	if made, err := by.CreateAccessKey(w.ctx, name, ""); err == nil { // else the user has two
		w.secrets[made.Key.ID] = made.Secret
	}
}

func (w *world) use() {
	ids := make([]string, 0, len(w.secrets))
	for id := range w.secrets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	id := w.pick(ids)
	w.openAs(w.server.Client(), nil, id, w.secrets[id].Reveal()) // asks STS who it is
}

// report has a report made, if the last one is old enough.
func (w *world) report() { _, _ = w.other.GenerateCredentialReport(w.ctx) }

// refreshLate has a report read long after it was made.
func (w *world) refreshLate() {
	w.report()
	time.Sleep(time.Duration(w.random.IntN(4*60)) * time.Minute)
	w.refresh()
}

func (w *world) deny(action string) {
	denied := w.random.IntN(2) == 0
	w.server.Trouble().Set(action, func(r *localaccount.Rules) { r.Deny = denied })
}

// refresh is Refresh of a person who looks at all rows.
func (w *world) refresh() {
	if w.random.IntN(2) == 0 {
		w.keydesk.ReadAgain(w.users()...)
	}
	_ = w.keydesk.Refresh(w.ctx)
}

func (w *world) step() {
	steps := []struct {
		name string
		do   func()
	}{
		{"time", func() { time.Sleep(time.Duration(w.random.IntN(5*60)) * time.Minute) }},
		{"a moment", func() { time.Sleep(time.Duration(w.random.IntN(90)) * time.Second) }},
		{"half a year off", func() { w.restart(180 * day) }},
		{"use", w.use},
		{"use", w.use},
		{"report", w.report},
		{"refresh", w.refresh},
		{"refresh", w.refresh},
		{"refresh by an old report", w.refreshLate},
		{"uses forgotten", func() { w.witness.forgets.Store(w.random.IntN(3) == 0) }},
		{"user page", func() { w.userPage(w.pick(w.users())) }},
		{"look-up", w.lookUp},
		{"restart", func() { w.restart(0) }},
		{"create", func() { w.create(w.keydesk) }},
		{"create elsewhere", func() { w.create(w.other) }},
		{"report denied", func() { w.deny("GetCredentialReport") }},
		{"last use denied", func() { w.deny("GetAccessKeyLastUsed") }},
	}
	w.settle()
	s := steps[w.random.IntN(len(steps))]
	w.history = append(w.history, s.name)
	s.do()
}

// settle waits until Keydesk has dealt with all that it was told. What it is told
// while it answers, it may tell the next time.
func (w *world) settle() {
	time.Sleep(time.Millisecond)
	synctest.Wait()
	w.began = time.Now()
}

// claim checks one thing that is said about a key.
func (w *world) claim(where, user string, k iamsvc.AccessKey, unusedFor int) {
	now, e := time.Now(), w.witness.about(user, k)
	w.said[where]++
	var since time.Time
	if unusedFor > 0 {
		since = now.Add(-time.Duration(unusedFor) * day)
	}
	used, wasUsed := e.usedAfter(since, w.began)
	switch {
	case e.asked.IsZero():
		w.fail(where, user, k, "nobody asked")
	case now.Sub(e.asked) > answerLife+time.Minute:
		w.fail(where, user, k, "the last answer is of "+e.asked.String())
	case wasUsed:
		w.fail(where, user, k, "it was used at "+used.String())
	}
}

func (w *world) fail(where, user string, k iamsvc.AccessKey, why string) {
	w.t.Fatalf("%s says that %s %s of %v is unused: %s\nafter %s", where, user, k.ID, k.Created, why, strings.Join(w.history, ", "))
}

func (w *world) userPage(name string) {
	details, err := w.keydesk.UserDetails(w.ctx, name)
	if err != nil {
		w.t.Fatal(err)
	}
	v := userView{details: details, now: time.Now(), home: keyHome{account: w.keydesk, id: w.keydesk.ID(), user: name}}
	for _, k := range details.Keys.Value {
		if newKeyCard(v, k, keyForms{}).LastUsed.Text == "None" || strings.HasPrefix(keyUse(v.now, k), "Never") {
			w.claim("user page", name, k, 0)
		}
		if text := lastUseText(keySubject{now: v.now, key: k}); deleteQuestion(keySubject{now: v.now, key: k}).Warning.Text == "" && strings.Contains(text, "never") {
			w.claim("delete form", name, k, 0)
		}
	}
}

func (w *world) lookUp() {
	ids := []string{"AKIAIOSFODNN7EXAMPLE"}
	for id := range w.secrets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	found, err := w.keydesk.LookUp(w.ctx, w.pick(ids))
	if err != nil || found.Kind != iamsvc.KeyFound {
		return
	}
	c := ownerCard{identity: w.keydesk.Identity(), found: found, may: auth.User{}, now: time.Now(), read: time.Now()}
	steps := strings.Join(c.nextSteps(), "\n")
	if c.draw().LastUsed.Text == "Never" || strings.Contains(steps, "never been used") {
		w.claim("look-up", found.Owner, found.Key, 0)
	}
	if strings.Contains(steps, "more than 90 days") && strings.Contains(steps, "not been used") {
		w.claim("look-up's advice", found.Owner, found.Key, 90)
	}
	for _, s := range found.Siblings {
		if strings.HasPrefix(withNote(lastUsedLine(time.Now(), s.LastUsed)), "Never") {
			w.claim("look-up's siblings", found.Owner, s, 0)
		}
	}
}

// pages checks everything that lists, exports and the dashboard say.
func (w *world) pages() {
	w.settle()
	now, inventory := time.Now(), w.keydesk.Inventory()
	v := listView{now: now, account: w.keydesk.ID(), inventory: inventory}
	keys, users := testPicture(keysList, inventory), testPicture(usersList, inventory)
	for _, r := range keys.all {
		if cellTexts(keysList.cell("key-used", v, r)) == "Never" {
			w.claim("list", r.user.Name, *r.key, 0)
		}
	}
	for _, u := range users.all {
		if cellTexts(userActivityCell(v, u)) == "Never" {
			for _, k := range u.Keys {
				w.claim("last activity", u.Name, k, 0)
			}
		}
	}
	for used, days := range map[string]int{"never": 0, "unused-45": 45, "unused-90": 90, "unused-365": 365, "31-90": 30} {
		for _, r := range keys.foundAt(listQuery{Used: used}, now) {
			w.claim("filter "+used, r.user.Name, *r.key, days)
		}
	}
	w.dashboard(keys, now)
	rows := keys.foundAt(listQuery{}, now)
	for r := range keys.exportFile(listQuery{}, v).rows {
		at, known := r.value("last_used").(time.Time), r.value("last_used_known").(bool)
		if known && at.IsZero() {
			w.claim("export", rows[0].user.Name, *rows[0].key, 0)
		}
		rows = rows[1:]
	}
}

func (r record) value(name string) any {
	return r[slices.IndexFunc(r, func(f field) bool { return f.name == name })].value
}

// dashboard checks the counts against the lists, whose keys were checked.
func (w *world) dashboard(keys *picture[keyRow], now time.Time) {
	c := countKeys(keys.inventory, now.Truncate(time.Minute))
	for used, n := range map[string]int{"never": c.neverUsed, "unused-90": c.unused90, usedUnknown: c.unknownUse} {
		if listed := len(keys.foundAt(listQuery{Keys: "active", Used: used}, now)); n != listed {
			w.t.Fatalf("the dashboard counts %d %s, the list has %d", n, used, listed)
		}
	}
}

// foundAt is found at another time than the usual one.
func (p *picture[T]) foundAt(q listQuery, now time.Time) (rows []T) {
	for _, row := range p.cut(q, now, max(1, len(p.all))).rows {
		rows = append(rows, p.all[row])
	}
	return rows
}

func (k listKind[T]) cell(id string, v listView, row T) []views.Line {
	for _, c := range k.columns {
		if c.id == id {
			return c.cell(v, row)
		}
	}
	return nil
}

// Whatever happens, nothing says "Never" or "unused" of a key that the server has
// told to be used, or was not asked about.
func TestNothingIsCalledUnusedThatIsNotKnownToBe(t *testing.T) {
	t.Parallel()
	said := map[string]int{}
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			defer func() { w.stop() }()
			for range 40 {
				w.step()
				w.pages()
			}
			for where, n := range w.said {
				said[where] += n
			}
		})
	}
	for _, where := range []string{"list", "last activity", "export", "filter never", "filter unused-90", "user page", "look-up", "look-up's advice", "delete form"} {
		if said[where] == 0 {
			t.Errorf("%s never said anything: %v", where, said)
		}
	}
	t.Log(fmt.Sprint(said))
}
