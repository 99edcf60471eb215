using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Refinery.Hints;

/// <summary>What hints a host begins with.</summary>
internal sealed class HintOptions
{
    /// <summary><c>1</c> (default) adds the catalogue's hints that were never here at start; <c>0</c> leaves all hints to their users.</summary>
    [ConfigurationKeyName("HINT_CATALOGUE")]
    [RegularExpression("0|1", ErrorMessage = "HINT_CATALOGUE must be 0 or 1.")]
    public string Catalogue { get; set; } = "1";
}
