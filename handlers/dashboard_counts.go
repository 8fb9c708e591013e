package handlers

import (
	"time"

	"keydesk/iamsvc"
)

// keyBand is one bar of a chart: the active keys that a filter of the access
// keys list finds.
type keyBand struct{ label, days, kind string }

var (
	ageBands = []keyBand{
		{"0–30", "0-30", ""}, {"31–60", "31-60", ""}, {"61–90", "61-90", ""},
		{"91–180", "91-180", "medium"}, {"181–365", "181-365", "medium"},
		{"366–730", "366-730", "high"}, {"> 730", "731-", "high"},
	}
	useBands = []keyBand{
		{"Used in the last 30 days", "0-30", "positive"}, {"31 to 90 days ago", "31-90", ""},
		{"91 to 365 days ago", "91-365", "medium"}, {"More than a year ago", "366-", "high"},
		{"Never used", "never", "high"}, {"Not known", usedUnknown, ""},
	}
)

// keyCounts are the figures of the dashboard. Those after uses do not
// count active keys of users.
type keyCounts struct {
	active, usersActive    int
	older90, olderThanYear int
	unused90, neverUsed    int
	unused90Never          int   // of unused90, those never used
	unknownUse             int   // those whose last use is not known
	ages                   []int // per ageBands
	uses                   []int // per useBands
	twoActive, moreThanTwo int
	quarantined, unread    int
	root                   int // active keys of the root user
}

// countKeys counts with the matchers of the lists, so that every figure is the
// length of the list it links to.
func countKeys(inventory *iamsvc.Inventory, now time.Time) keyCounts {
	c := keyCounts{ages: make([]int, len(ageBands)), uses: make([]int, len(useBands))}
	c.root = max(0, inventory.RootKeys)
	ages, uses := bandMatchers(now)
	for i := range inventory.Users {
		u := &inventory.Users[i]
		c.addUser(u)
		for k := range u.Keys {
			if !isStatus(u.Keys[k].Status, iamsvc.KeyActive) {
				continue
			}
			c.addKey(now, &u.Keys[k])
			addBands(c.ages, ages, &u.Keys[k])
			addBands(c.uses, uses, &u.Keys[k])
		}
	}
	return c
}

func bandMatchers(now time.Time) (ages, uses []listMatcher) {
	for _, b := range ageBands {
		ages = append(ages, newListMatcher(listQuery{Age: b.days}, now))
	}
	for _, b := range useBands {
		uses = append(uses, newListMatcher(listQuery{Used: b.days}, now))
	}
	return ages, uses
}

func addBands(counts []int, bands []listMatcher, k *iamsvc.AccessKey) {
	for i := range bands {
		if bands[i].oneKey(k) {
			counts[i]++
		}
	}
}

func (c *keyCounts) addUser(u *iamsvc.InventoryUser) {
	n := activeKeys(u)
	c.usersActive += oneIf(n > 0)
	c.twoActive += oneIf(n >= 2)
	c.moreThanTwo += oneIf(len(u.Keys) > 2)
	c.quarantined += oneIf(u.Quarantined)
	c.unread += oneIf(unreadUser(u))
}

func (c *keyCounts) addKey(now time.Time, k *iamsvc.AccessKey) {
	c.active++
	if !k.Created.IsZero() {
		c.older90 += oneIf(days(now, k.Created) > 90)
		c.olderThanYear += oneIf(days(now, k.Created) > 365)
	}
	unused, never := unusedFor(now, k, 90), k.LastUsed.Never(now)
	c.unknownUse += oneIf(!k.LastUsed.Current(now))
	c.unused90 += oneIf(unused)
	c.neverUsed += oneIf(never)
	c.unused90Never += oneIf(unused && never)
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
