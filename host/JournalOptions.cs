using System.ComponentModel.DataAnnotations;

namespace Refinery.Host;

/// <summary>Where the journal is kept.</summary>
internal sealed class JournalOptions
{
    /// <summary><c>ndjson</c> keeps every event in a file beside the database, <c>postgres</c> in the events table alone; default <c>postgres</c> on Postgres, which many hosts may share, else <c>ndjson</c>.</summary>
    [ConfigurationKeyName("LEVIATHAN_BACKEND")]
    [RegularExpression("ndjson|postgres", ErrorMessage = "LEVIATHAN_BACKEND must be 'ndjson' or 'postgres'.")]
    public string? Backend { get; set; }

    /// <summary>The file of <c>ndjson</c>; default <c>journal.ndjson</c> in the data directory.</summary>
    [ConfigurationKeyName("LEVIATHAN_EVENTS_PATH")]
    public string? EventsPath { get; set; }

    /// <summary>The private key that signs checkpoints; default <c>checkpoint.pem</c> in the data directory, made at the first start.</summary>
    [ConfigurationKeyName("CHECKPOINT_KEY_FILE")]
    public string? CheckpointKeyFile { get; set; }
}
