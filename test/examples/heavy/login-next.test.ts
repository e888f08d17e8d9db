import { walkLoginApp } from '../login-walk.ts'

walkLoginApp('login-next', `${process.env['LADON_EXAMPLES_AT']}/login-next`)
