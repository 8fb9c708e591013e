package localaccount

import (
	"fmt"
	"strings"
	"time"
)

var (
	firstNames = strings.Fields("aisha akira alejandro amara anders anneke arnav beatriz carlos chidi clara daria diego efua elena " +
		"emil farah felix hana hugo ines ivan jana john kavya kenji kwaku laila liam lucia marta mei milan nadia noor oskar paulo " +
		"priya rosa samir sofia tariq tomas uma vera viktor yara yusuf zara")
	lastNames = strings.Fields("abara almeida berg bianchi costa desai dubois eriksen fischer garcia haddad hansen ito jansen kaya " +
		"keller khan kimura kowalski lang larsen lopez mansa mensah moreau nair novak okafor olsen osei owusu patel petrov ramirez " +
		"rossi salazar santos schmidt silva tanaka")
	applications = strings.Fields("orders invoices catalog search ledger payments pricing inventory shipping returns checkout " +
		"identity mail sms push billing reports metrics logs traces crawler thumbnails video audio maps geocoder weather loyalty " +
		"coupons reviews chat tickets calendar contracts payroll leads forms surveys exports imports")
	stages       = []string{"prod", "staging", "test", "dev"}
	crowdGroups  = []string{"Developers", "Support", "ReadOnly", "DataScience", "Contractors", "Operations"}
	teams        = []string{"Checkout", "Storefront", "Données", "Платформа", "Logistics", "Support", "Finance"}
	servicePaths = []string{"/apps/", "/apps/payments/", "/", "/R&D/"}
	regions      = []string{"us-east-1", "eu-west-1", "eu-central-1", "us-west-2", "ap-southeast-2", "N/A"}
	services     = []string{"dynamodb", "sqs", "ec2", "lambda", "sts", "iam", "sns"}

	// ages stand around every limit that a rule or a colour turns at.
	ages = []int{0, 1, 7, 29, 30, 31, 44, 45, 46, 59, 60, 61, 89, 90, 91, 120, 179, 180, 181, 240, 364, 365, 366, 540, 730, 1400, 3000}
)

func pick[T any](list []T, i int) T { return list[i%len(list)] }

// crowd fills the account up: two people for each service, until the names are used up, and then services.
func (s *seeder) crowd(count int) {
	people := s.random.Perm(len(firstNames) * len(lastNames))
	programs := 0
	for i := range max(0, count) {
		if i%3 == 2 || len(people) == 0 {
			s.program(programs)
			programs++
			continue
		}
		name := pick(firstNames, people[0]) + "." + lastNames[people[0]/len(firstNames)]
		people = people[1:]
		s.employee(name, i)
	}
}

// person is somebody in a group, with an address.
func (s *seeder) person(name, path string, days int, group string) *user {
	u := s.add(name, path, days)
	u.Groups = []string{group}
	u.tag("Contact", strings.ToLower(name)+"@example.com")
	return u
}

func (s *seeder) employee(name string, i int) {
	u := s.person(name, "/", pick(ages, i)+s.random.IntN(900), pick(crowdGroups, i))
	u.tag("Team", pick(teams, i/2))
	if i%4 == 0 {
		u.Groups = append(u.Groups, "Deployments")
	}
	if i%5 != 4 {
		signedIn := s.ago(s.random.IntN(200))
		if i%11 == 0 || signedIn.Before(u.Created) {
			signedIn = time.Time{}
		}
		s.password(u, s.random.IntN(400), signedIn)
		if i%4 != 3 {
			s.virtualMFA(u)
		}
	}
	if i%2 == 0 {
		s.crowdKey(u)
	}
	if i%14 == 0 {
		s.crowdKey(u)
	}
}

func (s *seeder) program(n int) {
	application, stage := pick(applications, n), pick(stages, n/len(applications))
	name := fmt.Sprintf("svc-%s-%s", application, stage)
	if round := n / (len(applications) * len(stages)); round > 0 {
		name += fmt.Sprintf("-%02d", round+1)
	}
	u := s.service(name, pick(servicePaths, n), pick(ages, n)+s.random.IntN(1200), pick(teams, n), pick(crowdGroups, n))
	u.tag("Stage", stage)
	if n%7 == 0 {
		return
	}
	k := s.crowdKey(u)
	u.describe(k, application+" - "+stage)
	if n%4 == 0 {
		s.crowdKey(u)
	}
}

// crowdKey gives a key of one of the ages, mostly active, and used in one of the ways a key can be used.
func (s *seeder) crowdKey(u *user) *accessKey {
	n := s.crowdKeys
	s.crowdKeys++
	status := statusActive
	if n%6 == 1 {
		status = statusInactive
	}
	region, service := pick(regions, n), pick(services, n/2)
	if region == "N/A" {
		service = "s3" // the one service of these that IAM tells no region of
	}
	age := pick(ages, n)
	k := s.key(u, age, status, usage{})
	switch n % 5 {
	case 0:
		k.LastUsed = s.usedMinutesAgo(2+s.random.IntN(50), region, service)
	case 1, 2:
		k.LastUsed = s.used(s.random.IntN(age+1), region, service)
	case 3:
		k.LastUsed = s.used(age*9/10, region, service)
	}
	if k.LastUsed != (usage{}) && k.LastUsed.At.Before(k.Created) {
		k.LastUsed.At = k.Created.Add(time.Minute)
	}
	return k
}
