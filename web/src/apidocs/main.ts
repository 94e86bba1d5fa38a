/** The API description as a page of its own, without a request to another host. */
import 'swagger-ui-dist/swagger-ui.css'
import SwaggerUIBundle from 'swagger-ui-dist/swagger-ui-es-bundle.js'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The token that unsafe requests by cookie must carry, or null without a session. */
async function csrfToken(): Promise<string | null> {
  const response = await fetch('/api/v1/sessions/current')
  if (!response.ok) return null
  const session = (await response.json()) as { csrf_token: string }
  return session.csrf_token
}

const domNode = document.getElementById('apidocs')
if (domNode) {
  SwaggerUIBundle({
    url: '/api/openapi.json',
    domNode,
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: async (request) => {
      if (SAFE_METHODS.has((request.method ?? 'GET').toUpperCase())) return request
      const token = await csrfToken()
      if (token) request.headers['X-CSRF-Token'] = token
      return request
    },
  })
}
