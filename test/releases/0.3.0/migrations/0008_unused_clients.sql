ALTER TABLE `clients` ADD `used_at` integer;--> statement-breakpoint
ALTER TABLE `clients` ADD `unused_ttl` integer;--> statement-breakpoint
CREATE INDEX `clients_by_use` ON `clients` (`used_at`) WHERE used_at IS NOT NULL;