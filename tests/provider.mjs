// An OpenID provider for the tests: npm's oidc-provider, which is certified. Whoever gives a name at
// its page is that one, and `7:name` is another person, number 7, by that name; `factor` says that they showed
// a second factor, too.
//   node provider.mjs '{"issuer": "http://127.0.0.1:4000", "redirects": [...], "secret": "...", "lasts": 60}'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import Provider from 'oidc-provider'

const { issuer, redirects, afterwards, secret, lasts } = JSON.parse(process.argv[2])
const { hostname, port } = new URL(issuer)

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'gridserver',
      client_secret: secret,
      redirect_uris: redirects,
      post_logout_redirect_uris: afterwards,
    },
  ],
  pkce: { required: () => true },
  findAccount: (_, name) => ({
    accountId: name,
    claims: () => ({ sub: `id-of-${name.split(':')[0]}`, preferred_username: name.split(':').at(-1) }),
  }),
  claims: { openid: ['sub', 'amr'], profile: ['preferred_username'] },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { logoutSource: (context, form) => (context.body = LEAVING(form)) },
  },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  cookies: { keys: [secret] },
  ttl: { IdToken: lasts, Interaction: 600, Session: 600, Grant: 600, AccessToken: 60 },
  // Nobody is asked to consent to what the bureau itself runs.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    })
    grant.addOIDCScope('openid profile')
    await grant.save()
    return grant
  },
})

const LEAVING = (form) => `<!doctype html><title>Identity</title>${form}
<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`
const PAGE = `<!doctype html><title>Identity</title><form method="post">
<input name="name" aria-label="name"><input name="factor" type="checkbox" aria-label="factor">
<button>Go on</button></form>`

async function interact(request, response) {
  if (request.method !== 'POST') return response.end(PAGE)
  const given = new URLSearchParams(await text(request))
  const login = {
    accountId: given.get('name'),
    amr: given.has('factor') ? ['pwd', 'otp', 'mfa'] : ['pwd'],
  }
  await provider.interactionFinished(request, response, { login })
}

const answer = provider.callback()
createServer((request, response) => {
  response.setHeader('Content-Type', 'text/html')
  return request.url.startsWith('/interaction/') ? interact(request, response) : answer(request, response)
}).listen(Number(port), hostname)
