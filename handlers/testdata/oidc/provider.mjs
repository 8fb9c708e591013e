// A real OpenID provider for the tests, on a free loopback port. It is told its
// clients and people in the first argument, prints its issuer, and ends with the
// test that started it.
import { createServer } from "node:http";
import { generateKeyPair, exportJWK, SignJWT } from "jose";
import Provider from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const people = new Map(Object.entries(settings.people)); // name -> groups
const own = await generateKeyPair("RS256", { extractable: true });
const foreign = await generateKeyPair("RS256", { extractable: true });

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: "keydesk",
    client_secret: "a secret between the two of us",
    redirect_uris: [`${settings.keydesk}/sign-in/oidc/callback`],
    backchannel_logout_uri: `${settings.keydesk}/sign-in/oidc/logout`,
    backchannel_logout_session_required: true,
  }],
  claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
  cookies: { keys: ["only for tests"] },
  features: { backchannelLogout: { enabled: true } },
  findAccount: (_, name) => ({
    accountId: name,
    claims: () => ({ sub: name, preferred_username: `${name}@example.com`, groups: people.get(name) ?? [] }),
  }),
  jwks: { keys: [{ ...(await exportJWK(own.privateKey)), alg: "RS256", kid: "test", use: "sig" }] },
  pkce: { required: () => true },
  // Node 20's own fetch does not take the dispatcher the library hands it.
  fetch: (url, { dispatcher, ...options } = {}) => fetch(url, options),
});

// What a test can ask for that no provider would do.
const orders = {
  // a token with this header and these claims, signed with our key or a stranger's
  "/test/sign": ({ header, claims, stranger }) => new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: "test", ...header })
    .sign((stranger ? foreign : own).privateKey),
  // other groups from now on
  "/test/groups": ({ name, groups }) => { people.set(name, groups); return ""; },
  // from now on, user info about somebody else than was asked for
  "/test/mix-up": (about) => { somebodyElse = about; return ""; },
};
let somebodyElse;

server.on("request", async (request, response) => {
  const order = orders[request.url];
  if (somebodyElse && request.url === "/me") {
    return response.setHeader("content-type", "application/json").end(JSON.stringify(somebodyElse));
  }
  if (!order) return provider.callback()(request, response);
  let body = "";
  for await (const part of request) body += part;
  response.end(await order(JSON.parse(body)));
});

console.log(issuer);
process.stdin.on("end", () => process.exit()).resume();
