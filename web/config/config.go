// Package config owns Keydesk's settings: their names, defaults, explanations
// and what makes them valid. It knows nothing of what they configure: it opens
// no file but the password file's metadata, no database and no socket.
package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Where the IAM account behind Keydesk is.
const (
	IAMLocal = "local" // the embedded account
	IAMAWS   = "aws"   // AWS, or any server that speaks the IAM Query protocol
)

// Config is one start's settings, as given: call Validate before using it.
type Config struct {
	Listen            string // host:port of the web server
	Data              string // folder of the database, keys and the embedded account
	Database          string // URL that may hold a password: never print it; see DatabaseURL
	IAM               string // IAMLocal or IAMAWS
	IAMEndpoint       string // URL of an IAM-compatible server; empty is AWS
	STSEndpoint       string // URL of its STS; empty is IAMEndpoint, or AWS
	Region            string // AWS region, which picks the partition; empty leaves it to the AWS configuration
	SweepHours        int    // within which every user is read again, whatever the reports say
	MaxUsers          int    // users that are read of the account at most
	IAMRateCeiling    int    // calls per second to IAM and STS that are never exceeded; 0 is none
	LocalUsers        int    // users the embedded account is seeded with
	LocalEndpoint     string // host:port that serves the embedded account to other clients
	AdminPasswordFile string // file with the password of the first administrator
	TLSCert, TLSKey   string // PEM files of the web server's certificate
	TrustedProxy      string // networks of the proxies in front, as CIDR[,CIDR]; see TrustedProxies
	PublicURL         string // where people reach Keydesk, without a path
	LogFormat         string // "text" or "json"
	Protect           string // rules of protected users, comma separated; see ProtectRules
	RequireReason     bool   // every change needs a reason or ticket
	FreshSignIn       int    // minutes; see FreshSignInWindow
	JournalRetention  int    // days the audit log is kept; 0 is for ever
	Command           string // one of Commands, or "" for serving
	Format            string // of CommandExport: "jsonl" or "csv"
	Head              string // of CommandVerify: a row as the log names it, NUMBER:HASH; optional
	Rows              string // of CommandSeal: numbers, ranges, or "found"; see SealRows
	User, Role        string // whom a people command is about, and what they may do
	PasswordFile      string // with the password that a people command sets
	Reason            string // why a command changes something, for the audit log
	Version           bool   // print the version and exit
	Check             bool   // validate everything and exit

	// Sign-in at an OpenID Connect provider; all empty but OIDCGroupsClaim for none.
	OIDCIssuer, OIDCClientID, OIDCClientSecretFile string
	OIDCRoles                                      string // group=role[,group=role]
	OIDCGroupsClaim                                string
}

// ErrHelp means that the help page was asked for and has been written.
var ErrHelp = errors.New("help was asked for")

// setting is one row of the settings table: a flag, its environment name
// (KEYDESK_ and the flag in capitals) and its line on the help page.
type setting struct {
	group, name, value, help string
	text                     *string
	number                   *int
	yes                      *bool
	list                     *string // may be given several times; joined with commas
	fallback                 string
}

// Env is the environment variable that sets the same as the flag.
func (s setting) Env() string {
	return "KEYDESK_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

func (c *Config) settings() []setting {
	return []setting{
		{group: "Serving", name: "listen", value: "ADDR", fallback: "127.0.0.1:8080", text: &c.Listen,
			help: "address of the web pages, host:port"},
		{group: "Serving", name: "data", value: "FOLDER", fallback: "./keydesk-data", text: &c.Data,
			help: "database, keys and embedded account live here"},
		{group: "Serving", name: "database", value: "URL", text: &c.Database,
			help: "sqlite:PATH (default: keydesk.db in -data) or postgres://USER@HOST/NAME"},
		{group: "Serving", name: "tls-cert", value: "FILE", text: &c.TLSCert,
			help: "certificate (PEM); with -tls-key, needed for any address that is not loopback"},
		{group: "Serving", name: "tls-key", value: "FILE", text: &c.TLSKey,
			help: "private key (PEM) of that certificate"},
		{group: "Serving", name: "trusted-proxy", value: "CIDR[,CIDR]", text: &c.TrustedProxy,
			help: "networks of proxies in front whose X-Forwarded headers are believed"},
		{group: "Serving", name: "public-url", value: "URL", text: &c.PublicURL,
			help: "where people reach Keydesk, such as https://keydesk.example.com"},
		{group: "Serving", name: "log-format", value: "text|json", fallback: "text", text: &c.LogFormat,
			help: "form of the log on standard error"},

		{group: "Which IAM account", name: "iam", value: "local|aws", fallback: IAMLocal, text: &c.IAM,
			help: "the embedded account, or the one of your AWS credentials"},
		{group: "Which IAM account", name: "region", value: "REGION", text: &c.Region,
			help: "AWS region (default: the AWS configuration's, else us-east-1)"},
		{group: "Which IAM account", name: "iam-endpoint", value: "URL", text: &c.IAMEndpoint,
			help: "an IAM-compatible server instead of AWS (implies -iam aws)"},
		{group: "Which IAM account", name: "sts-endpoint", value: "URL", text: &c.STSEndpoint,
			help: "its STS, where that is not the same URL"},
		{group: "Which IAM account", name: "iam-rate-ceiling", value: "N", fallback: "0", number: &c.IAMRateCeiling,
			help: "most calls per second; 0 is as many as IAM admits"},
		{group: "Which IAM account", name: "max-users", value: "N", fallback: "20000", number: &c.MaxUsers,
			help: "users that are read at most, 100 to 1000000"},
		{group: "Which IAM account", name: "sweep-hours", value: "N", fallback: "6", number: &c.SweepHours,
			help: "every user is read again within so many hours, 1 to 168"},

		{group: "The embedded account", name: "local-users", value: "N", fallback: "150", number: &c.LocalUsers,
			help: "users it is filled with when it is first made, 10 to 5000"},
		{group: "The embedded account", name: "local-endpoint", value: "ADDR", text: &c.LocalEndpoint,
			help: "serve it to the AWS CLI and SDKs too, on this loopback host:port"},

		{group: "Single sign-on", name: "oidc-issuer", value: "URL", text: &c.OIDCIssuer,
			help: "OpenID Connect provider; the flags below and -public-url go with it"},
		{group: "Single sign-on", name: "oidc-client-id", value: "ID", text: &c.OIDCClientID,
			help: "Keydesk's name at the provider"},
		{group: "Single sign-on", name: "oidc-client-secret-file", value: "FILE", text: &c.OIDCClientSecretFile,
			help: "file with its secret"},
		{group: "Single sign-on", name: "oidc-roles", value: "GROUP=ROLE[,...]", text: &c.OIDCRoles,
			help: "role of each group: administrator, help-desk or auditor"},
		{group: "Single sign-on", name: "oidc-groups-claim", value: "NAME", fallback: "groups", text: &c.OIDCGroupsClaim,
			help: "claim that lists a person's groups, or the path to it"},

		{group: "Rules", name: "protect", value: "RULE[,...]", list: &c.Protect,
			help: "no new keys for users with this /PATH/, tag:KEY=VALUE or user:NAME"},
		{group: "Rules", name: "require-reason", yes: &c.RequireReason,
			help: "every change needs a reason or ticket"},
		{group: "Rules", name: "fresh-sign-in", value: "MINUTES", fallback: "15", number: &c.FreshSignIn,
			help: "how old a sign-in may be for changes, 5 to 60"},
		{group: "Rules", name: "journal-retention", value: "DAYS", fallback: "0", number: &c.JournalRetention,
			help: "how long the audit log keeps its rows; 0 is for ever"},

		{group: "keydesk audit", name: "format", value: "jsonl|csv", fallback: "jsonl", text: &c.Format,
			help: "form of the export"},
		{group: "keydesk audit", name: "head", value: "NUMBER:HASH", text: &c.Head,
			help: "also check that this row, noted from the log, is still there"},
		{group: "keydesk audit", name: "rows", value: "ROWS", text: &c.Rows,
			help: "rows to seal, such as 17,40-42; found is all of find-secrets"},

		{group: "keydesk people", name: "user", value: "NAME", text: &c.User,
			help: "the local account, or oidc/SUBJECT as the list has it"},
		{group: "keydesk people", name: "role", value: "ROLE", text: &c.Role,
			help: "of a new account: administrator, help-desk or auditor"},
		{group: "keydesk people", name: "password-file", value: "FILE", text: &c.PasswordFile,
			help: "the password to set; else one is made up and printed once"},
		{group: "keydesk people", name: "reason", value: "TEXT", text: &c.Reason,
			help: "reason or ticket, also of audit seal and accept-checkpoint"},

		{group: "First start and checks", name: "admin-password-file", value: "FILE", text: &c.AdminPasswordFile,
			help: "make the administrator \"admin\" with the password in this file"},
		{group: "First start and checks", name: "check", yes: &c.Check,
			help: "check settings, database and AWS identity, then exit"},
		{group: "First start and checks", name: "version", yes: &c.Version,
			help: "print the version and exit"},
	}
}

// Parse reads the arguments (without the program's name) and, for what they do
// not set, the environment. Help goes to out. It answers ErrHelp, or every
// setting that could not be read at all; Validate judges the rest.
func Parse(args []string, getenv func(string) string, out io.Writer) (Config, error) {
	var c Config
	c.Command, args = command(args)
	table := c.settings()
	flags := flag.NewFlagSet("keydesk", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, s := range table {
		s.register(flags)
	}
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		writeHelp(out, table)
		return c, ErrHelp
	}
	if err == nil && flags.NArg() > 0 {
		stray, _, _ := strings.Cut(flags.Arg(0), "://") // what follows may be a password
		err = fmt.Errorf("unexpected argument %q: every setting is a flag, see keydesk -h", stray)
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	faults := []error{err}
	for _, s := range table {
		value := getenv(s.Env())
		if given[s.name] || value == "" {
			continue
		}
		given[s.name] = true
		if err := flags.Set(s.name, value); err != nil {
			faults = append(faults, fmt.Errorf("%s=%q: %w", s.Env(), value, err))
		}
	}
	// An endpoint names a server that is not the embedded account, so asking for
	// one is asking for it; saying both is a contradiction Validate reports.
	if !given["iam"] && (c.IAMEndpoint != "" || c.STSEndpoint != "") {
		c.IAM = IAMAWS
	}
	return c, errors.Join(faults...)
}

func (s setting) register(flags *flag.FlagSet) {
	switch {
	case s.text != nil:
		flags.StringVar(s.text, s.name, s.fallback, s.help)
	case s.number != nil:
		n, _ := strconv.Atoi(s.fallback)
		flags.IntVar(s.number, s.name, n, s.help)
	case s.yes != nil:
		flags.BoolVar(s.yes, s.name, false, s.help)
	case s.list != nil:
		flags.Func(s.name, s.help, func(value string) error {
			*s.list = strings.TrimPrefix(*s.list+","+value, ",")
			return nil
		})
	}
}
