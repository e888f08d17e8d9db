import { walkLoginApp } from './login-walk.ts'

walkLoginApp('login-hono')
