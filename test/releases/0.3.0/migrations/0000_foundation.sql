CREATE TABLE `clients` (
	`id` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`instance` text NOT NULL,
	`access_epoch` integer NOT NULL,
	`secret_hash` text,
	`name` text NOT NULL,
	`owner` text NOT NULL,
	`metadata` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `clients_by_name` ON `clients` (`name`,`id`);--> statement-breakpoint
CREATE INDEX `clients_by_owner` ON `clients` (`owner`,`id`);--> statement-breakpoint
CREATE TABLE `grants` (
	`id` text PRIMARY KEY NOT NULL,
	`subject` text NOT NULL,
	`client_id` text NOT NULL,
	`scope` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE INDEX `grants_by_expiry` ON `grants` (`expires_at`);--> statement-breakpoint
CREATE TABLE `json_web_keys` (
	`set` text NOT NULL,
	`kid` text NOT NULL,
	`alg` text NOT NULL,
	`public_jwk` text NOT NULL,
	`private_sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`set`, `kid`)
);
--> statement-breakpoint
CREATE TABLE `root_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`sealed` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `versions` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
);
