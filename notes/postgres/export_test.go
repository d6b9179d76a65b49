package postgres

// What the package's own tests look into.
var (
	Catalog    = catalog
	Migrations = migrations
)

const NewestMigration = newestMigration
