CREATE TABLE `trusted_issuers` (
	`id` text PRIMARY KEY NOT NULL,
	`issuer` text NOT NULL,
	`subject` text NOT NULL,
	`scope` text NOT NULL,
	`kid` text NOT NULL,
	`thumbprint` text NOT NULL,
	`public_jwk` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `trusted_issuers_by_issuer` ON `trusted_issuers` (`issuer`,`kid`,`subject`);--> statement-breakpoint
CREATE INDEX `trusted_issuers_by_expiry` ON `trusted_issuers` (`expires_at`);