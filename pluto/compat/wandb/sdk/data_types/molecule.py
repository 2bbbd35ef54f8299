"""Molecules."""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.sdk.data_types.base_types.media import BatchableMedia


class Molecule(BatchableMedia):
    """A molecule.

    `data_or_path` is the path of a file pdb, pqr, mmcif, mcif, cif, sdf, sd, gro, mol2 or mmtf, or an open one, with
    `file_type` where it has no name. Raises `ValueError` for anything else.
    """

    SUPPORTED_TYPES = {"pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf"}  # noqa: RUF012
    SUPPORTED_RDKIT_TYPES = {"mol", "sdf"}  # noqa: RUF012
    _log_type = "molecule-file"

    def __init__(self, data_or_path: Any, caption: str | None = None, **kwargs: str) -> None:
        super().__init__(caption=caption)
        file_type = kwargs.pop("file_type", None)
        if kwargs:
            raise TypeError(f"Molecule: unknown argument {min(kwargs)!r}; known are caption and file_type")
        if hasattr(data_or_path, "name") and not isinstance(data_or_path, Path):
            data_or_path = data_or_path.name
        if hasattr(data_or_path, "read"):
            if hasattr(data_or_path, "seek"):
                data_or_path.seek(0)
            if file_type is None:
                raise ValueError("Must pass file_type keyword argument when using io objects.")
            _check(file_type)
            self._set_content(data_or_path.read(), f".{file_type}")
            self._extension = None
        elif isinstance(data_or_path, (str, Path)):
            _check(os.path.splitext(data_or_path)[1][1:])
            self._set_file(str(data_or_path))
        else:
            raise ValueError("Data must be file name or a file object")

    @classmethod
    def from_rdkit(
        cls,
        data_or_path: Any,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """A molecule of rdkit's, or the first one of a file mol or sdf; given a shape in space unless it has one.

        Raises `ValueError` for another file, `TypeError` for anything else, `Error` without rdkit.
        """
        chem, all_chem = _rdkit("rdkit.Chem"), _rdkit("rdkit.Chem.AllChem")
        if isinstance(data_or_path, str):
            kind = os.path.splitext(data_or_path)[1][1:]
            if kind not in cls.SUPPORTED_RDKIT_TYPES:
                known = ", ".join(sorted(cls.SUPPORTED_RDKIT_TYPES))
                raise ValueError(f"Molecule.from_rdkit only supports files of the type: {known}")
            if kind == "sdf":
                with chem.SDMolSupplier(data_or_path) as supplier:
                    molecule = next(supplier)
            else:
                molecule = chem.MolFromMolFile(data_or_path)
        elif isinstance(data_or_path, chem.rdchem.Mol):
            molecule = data_or_path
        else:
            raise TypeError("Data must be file name or an rdkit.Chem.rdchem.Mol object")
        if convert_to_3d_and_optimize:
            molecule = chem.AddHs(molecule)
            all_chem.EmbedMolecule(molecule)
            all_chem.MMFFOptimizeMolecule(molecule, maxIters=mmff_optimize_molecule_max_iterations)
        return cls(io.StringIO(chem.rdmolfiles.MolToPDBBlock(molecule)), caption=caption, file_type="pdb")

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """The molecule that a SMILES text describes. Raises `ValueError` for another text, `Error` without rdkit."""
        molecule = _rdkit("rdkit.Chem").MolFromSmiles(data, sanitize=sanitize)
        if molecule is None:
            raise ValueError("Unable to parse the SMILES string.")
        return cls.from_rdkit(molecule, caption, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations)

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/molecule`."""
        return os.path.join("media", "molecule")

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The file."""
        return {**super().to_json(run_or_artifact), "_type": self._log_type}

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:  # noqa: ARG003
        """What a row has of several."""
        paths = [one.to_json(run)["path"] for one in seq]
        return {"_type": "molecule", "filenames": paths, "count": len(paths), "captions": cls.captions(seq)}


def _check(file_type: str) -> None:
    if file_type not in Molecule.SUPPORTED_TYPES:
        known = ", ".join(sorted(Molecule.SUPPORTED_TYPES))
        raise ValueError(f"Molecule 3D only supports files of the type: {known}")


def _rdkit(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Error("wandb.Molecule needs rdkit to read this: pip install rdkit") from error


__all__ = ["Molecule"]
