package iamsvc

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"keydesk/iamsvc/pace"
)

// lane is a pair of SDK clients with retry settings and a deadline of their own.
type lane struct {
	iam      *iam.Client
	sts      *sts.Client
	once     aws.Retryer   // for creations, which the SDK must not repeat
	deadline time.Duration // for one call, its retries included; of a patient lane: for one attempt
	patient  bool          // calls wait for their turns until their context ends
	breaker  *breaker      // nil: every call is tried
}

// openLanes gives an account its lanes, which share one limiter: changes go first,
// then persons, then the inventory, then sweeps.
func (a *Account) openLanes(c Config) {
	c.AWS.HTTPClient = httpClient(c.AWS.HTTPClient)
	a.limiter = pace.New(c.RateCeiling)
	a.interactive = newLane(c, newPacedRetryer(a.limiter, pace.Person, 3, 400*time.Millisecond), 5*time.Second)
	a.writes = newLane(c, newPacedRetryer(a.limiter, pace.Change, 4, time.Second), 20*time.Second)
	a.lists = newLane(c, newPacedRetryer(a.limiter, pace.Person, 8, 2*time.Second), time.Minute)
	a.background = newLane(c, newPacedRetryer(a.limiter, pace.Background, 8, 2*time.Second), time.Minute)
	a.sweep = newLane(c, newPacedRetryer(a.limiter, pace.Sweep, 8, 2*time.Second), time.Minute)
	a.interactive.breaker = newBreaker()
	a.lists.patient, a.background.patient, a.sweep.patient = true, true, true
}

// httpClient is the SDK's own HTTP client with room for as many idle connections as
// there are calls at once. It keeps ten; the others would be opened anew, with TLS,
// for every call. It follows no redirect, since IAM sends none: what does would get
// the signed call, with its session token. Any other client is as it should be.
func httpClient(client aws.HTTPClient) aws.HTTPClient {
	own, ok := client.(*awshttp.BuildableClient)
	if client == nil {
		own, ok = awshttp.NewBuildableClient(), true
	}
	if !ok {
		return client
	}
	transport := own.GetTransport()
	transport.MaxIdleConnsPerHost = 2 * crawlers
	transport.OnProxyConnectResponse = refusedByProxy
	return &http.Client{
		Transport:     transport,
		Timeout:       own.GetTimeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newLane(c Config, r *pacedRetryer, deadline time.Duration) *lane {
	cfg := c.AWS.Copy()
	cfg.Retryer = func() aws.Retryer { return r }
	cfg.RetryMaxAttempts = 0
	cfg.ClientLogMode = 0 // a body that is logged is a secret that is logged
	cfg.HTTPClient = newTransport(c.AWS.HTTPClient)
	return &lane{
		iam: iam.NewFromConfig(cfg, func(o *iam.Options) {
			if c.IAMEndpoint != "" {
				o.BaseEndpoint = aws.String(c.IAMEndpoint)
			}
		}),
		sts: sts.NewFromConfig(cfg, func(o *sts.Options) {
			if c.STSEndpoint != "" {
				o.BaseEndpoint = aws.String(c.STSEndpoint)
			}
		}),
		once:     onceRetryer{r},
		deadline: deadline,
	}
}
