/// <reference types="vite/client" />

declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface SwaggerRequest {
    method?: string
    headers: Record<string, string>
  }
  interface SwaggerOptions {
    url: string
    domNode: HTMLElement
    deepLinking?: boolean
    validatorUrl?: string | null
    requestInterceptor?: (request: SwaggerRequest) => SwaggerRequest | Promise<SwaggerRequest>
  }
  export default function SwaggerUIBundle(options: SwaggerOptions): unknown
}

/** The version of the front end, from its package.json. */
declare const __APP_VERSION__: string
