import { walkLoginApp } from './login-walk.ts'

walkLoginApp('login-express')
