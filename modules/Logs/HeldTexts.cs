using System.Globalization;

namespace Refinery.Logs;

/// <summary>Where in the archive of this machine a text lies, by digest: kept in memory, about 50 bytes a text, and read from the segments at the start.</summary>
internal sealed class HeldTexts(LogArchive archive)
{
    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, TextPlace> places = [];

    /// <summary>Goes through the frames of all segments.</summary>
    public void Load()
    {
        foreach (var segment in archive.Segments)
        {
            foreach (var text in segment.Texts.Span)
            {
                Add(segment.Sha256Of(text), new TextPlace(segment.Number, text.Offset, text.Length));
            }
        }
    }

    public TextPlace? Find(string sha256)
    {
        lock (gate)
        {
            return places.TryGetValue(Key(sha256), out var place) ? place : null;
        }
    }

    /// <summary>Puts the text into the archive unless it is there.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public async Task<TextPlace> AddAsync(string sha256, LogDraft draft)
    {
        if (Find(sha256) is { } held)
        {
            return held;
        }

        var place = await archive.AddAsync(draft);
        Add(sha256, place);
        return place;
    }

    // Half a digest: nobody makes two texts that share 128 bits of it.
    private static UInt128 Key(string sha256) => UInt128.Parse(sha256.AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private void Add(string sha256, TextPlace place)
    {
        lock (gate)
        {
            places.TryAdd(Key(sha256), place);
        }
    }
}
