package paste

import (
	"regexp"
	"strings"
)

var (
	arnHead = regexp.MustCompile(`^(?i:arn):[A-Za-z0-9-]+:(?i:(iam|sts)):[A-Za-z0-9-]*:([A-Za-z0-9_-]*):`)
	iamName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]+`)
	// In a CSV file, other fields follow. A name may have commas too.
	nextField = regexp.MustCompile(`(?i),(?:a[ks]ia|true|false|null|none|active|inactive|n/a|no_information|not_supported|[0-9]|,|$)`)
	nextARN   = regexp.MustCompile(`(?i)[,;&|]?arn:`)
	endOfARN  = " \t\r\n\"'`“”‘’<>\\;|()[]{}^?#*"
)

// longestARN has a path of 512 and a name of 128 characters.
const longestARN = 800

// findARNs finds users, roles, groups and the root user by their ARNs.
func (s *scan) findARNs() {
	for at := range all(s.low, "arn:") {
		rest := s.after(at, longestARN)
		head := arnHead.FindStringSubmatch(rest)
		if head == nil {
			continue
		}
		resource := rest[len(head[0]):]
		if next := nextARN.FindStringIndex(resource); next != nil {
			resource = resource[:next[0]]
		}
		p := s.resource(at, resource)
		if p.Kind == "" {
			s.notUnderstood++
			continue
		}
		p.Account = head[2]
		p.Actor = s.isDenied(at, rest)
		s.add(at, p)
	}
}

// resource reads what stands after the account number. A path may have nearly
// all characters, a name has few.
func (s *scan) resource(at int, resource string) Part {
	if known := s.knownInQuotes(at, resource); known.Kind != "" {
		return known
	}
	if end := strings.IndexAny(resource, endOfARN); end >= 0 {
		resource = resource[:end]
	}
	if next := nextField.FindStringIndex(resource); next != nil {
		resource = resource[:next[0]]
	}
	kind, name, _ := strings.Cut(resource, "/")
	switch kind = strings.ToLower(strings.TrimRight(kind, ".,")); kind {
	case "root":
		return Part{Kind: RootUser}
	case "assumed-role":
		role, session, _ := strings.Cut(name, "/")
		role, session = iamName.FindString(role), iamName.FindString(session)
		if role == "" || session == "" {
			return named(RoleName, role)
		}
		return named(RoleSession, role+"/"+session)
	}
	return named(kindOfResource[kind], iamName.FindString(name[strings.LastIndexByte(name, '/')+1:]))
}

var kindOfResource = map[string]Kind{"user": UserName, "role": RoleName, "group": GroupName, "federated-user": FederatedUser}

func named(kind Kind, name string) Part {
	name = strings.TrimRight(name, ".,=")
	if name == "" || kind == "" {
		return Part{}
	}
	return Part{Kind: kind, Text: name}
}

// knownInQuotes: other servers have users with spaces and slashes in the name.
func (s *scan) knownInQuotes(at int, resource string) Part {
	rest, isUser := strings.CutPrefix(resource, "user/")
	if !isUser {
		return Part{}
	}
	end := strings.IndexAny(rest, "\"'`\r\n")
	if end < 0 {
		end = len(rest)
	}
	for _, name := range []string{rest[:end], rest[strings.LastIndexByte(rest[:end], '/')+1 : end]} {
		if name != "" && len(name) <= maxKeyID && s.known(name) == UserName {
			return Part{Kind: UserName, Text: name}
		}
	}
	return Part{}
}

var deniedAfter = regexp.MustCompile(`^\S{1,700}?["']?,? is not authorized`)

// isDenied: in a denial, IAM names the one who asked for what was refused.
func (s *scan) isDenied(at int, rest string) bool {
	before := strings.TrimRight(lower(s.before(at, 12)), " \"'")
	return strings.HasSuffix(before, "user:") && deniedAfter.MatchString(rest)
}
