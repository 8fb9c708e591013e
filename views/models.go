// Package views owns the look of every page: the layout, the components and
// one template per page. It is given strings, bools and ints that are ready to
// show, and must not know IAM, sessions, clocks, requests or the database.
package views

// Shell is what the frame around every page shows.
type Shell struct {
	Title        string // page name: "IAM users" becomes "IAM users | Keydesk"
	AccountLabel string // "demo · 123456789012", or the number alone
	AccountAlias string // "demo", all that small screens have room for; "" for none
	AccountID    string // 12 digits
	UserName     string // signed-in person
	RoleLabel    string // "Administrator", "Help desk", "Auditor"
	Crumbs       []Crumb
	Nav          []NavGroup
	NavClosed    bool // person folded the side navigation away (cookie "nav" is "closed")
	Flashes      []Flash
	Theme        string // "light", "dark" or "" to follow the system
	Density      string // "compact" or "" for comfortable
	Shortcuts    bool   // keyboard shortcuts are on
	UTC          bool   // absolute times stay in UTC instead of the viewer's zone
	SignedIn     bool   // false: no navigation, search or user menu
	LocalAccount bool   // the embedded account, marked so that nobody takes it for AWS
	AsOf         string // age of the account data, "4 minutes ago"
	RequestID    string // shown on error pages so that a person can quote it
	ComeBack     string // seconds after which the page loads itself again where there is no JavaScript; "" for never
	Secret       bool   // page holds a secret: the live-update script stays away
}

// Crumb is one step of the breadcrumb trail; the last one has no URL.
type Crumb struct{ Text, URL string }

// NavGroup is a titled list in the side navigation; the first has no title.
type NavGroup struct {
	Title string
	Items []NavItem
}

// NavItem is one link of the side navigation.
type NavItem struct {
	Text, URL string
	Current   bool
	Badge     string // count of things that need attention
	Key       string // second key of its shortcut: "u" for "g u", or ""
}

// Flash is a message about what just happened. Kind is "success", "info",
// "warning" or "error".
type Flash struct{ Kind, Title, Text string }

// Status is a state with its icon. Kind is "success", "warning", "error",
// "info", "inactive", "progress" or "" for plain text.
type Status struct{ Kind, Text string }

// Time is one instant in three spellings. ISO is RFC 3339 in UTC. An empty ISO
// means there is no instant, and only Text is shown ("Never", "-").
type Time struct{ ISO, Text, Absolute string }

// KV is a plain pair of a key-value list.
type KV struct{ Term, Text string }

// Heading is the head of a container.
type Heading struct {
	ID          string // anchor; also names the section for screen readers
	Title       string
	Count       string // "2" is shown as "(2)"; "" for none
	Level       int    // 1, 2 or 3; 0 means 2
	Description string
	Info        Info // help; needs ID
}

// Column is one head cell of a table.
type Column struct {
	Title   string
	SortURL string // "" when the column cannot be sorted
	Sort    string // "ascending", "descending" or ""
	// SortAfter is how many other columns the table is sorted by before this one.
	SortAfter int
	Class     string // extra class, "num" for right-aligned numbers
}

// Pagination links to the pages of a list; URLs are complete.
type Pagination struct {
	Prev, Next string // "" at either end
	Pages      []PageLink
	Live       bool // links are followed by the live-update script
}

// PageLink is a page number, or a gap shown as an ellipsis.
type PageLink struct {
	Text, URL    string
	Current, Gap bool
}

// Option is one choice of a select.
type Option struct {
	Value, Text        string
	Selected, Disabled bool
}

// Field is a form field with what was typed and what was wrong with it.
type Field struct {
	ID           string // defaults to Name; set it when two forms share a page
	Name         string
	Label        string
	Hint         string // below the label
	Constraint   string // below the input: "Maximum 256 characters"
	Value        string
	Error        string
	Type         string // input type, "" for text
	Placeholder  string
	Autocomplete string // HTML autofill name; "" turns autofill off
	Pattern      string
	Required     bool
	Optional     bool // label reads "- optional"
	MaxLength    int
	Rows         int  // height of a TextArea
	Autofocus    bool // focused when its dialog opens
}

// Check is a checkbox, a radio button or a radio tile.
type Check struct {
	ID, Name, Value, Label, Hint string
	Checked, Disabled, Required  bool
}

// MenuItem is one line of a drop-down: a link, a link that opens a dialog, a
// button that posts, or a choice that is not available and says why.
type MenuItem struct {
	Text, URL string
	Dialog    string // id of the dialog that opens in place of following URL
	Post      bool   // a form button posting to URL
	Token     string // one-time token posted along
	Hidden    []KV   // hidden fields posted along: Term is the name, Text the value
	Disabled  bool
	Reason    string // why it is disabled
	Divider   bool   // a rule above this item
	NeedsJS   bool
}

// Confirm is a question with a form: the same body is a dialog over the page
// and a page of its own.
type Confirm struct {
	ID     string // of the dialog
	Title  string
	Action string // the form posts here; "" for a dialog that only informs
	Token  string // one-time token
	Submit string // text of the confirming button
	Cancel string // where Cancel leads when this is a page
	Wide   bool
}

// Tab is one link of a tab row.
type Tab struct {
	Text, URL string
	Count     string // "1" is shown as "(1)"
	Current   bool
}

// Step is one step of a wizard. State is "done", "current" or "".
type Step struct {
	Title    string
	Optional bool
	State    string
}

// Chart is a set of bars with its data table.
type Chart struct {
	ID        string // prefix of the ids used inside
	Label     string // what is drawn, for screen readers: "Active keys by age"
	Category  string // head of the table's first column: "Age in days"
	Measure   string // head of its second column, and the unit: "keys"
	Bars      []Bar
	TickEvery int // distance of the grid lines, 0 picks one
}

// Bar is one bar, a link into the list it counts. Kind is "positive",
// "medium", "high" or "" for the base colour.
type Bar struct {
	Label, URL, Kind string
	Count            int
}
